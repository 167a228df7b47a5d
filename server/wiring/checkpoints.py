"""Who signs checkpoints, and where they are kept."""

from __future__ import annotations

from adapters.timestamp_authority import HttpTimestampAuthority
from domain.checkpoint import CheckpointStream
from server.audit.checkpoints.checkpointing import Places
from server.config import Settings


def places(settings: Settings, stream: CheckpointStream | None) -> Places:
    """Return where checkpoints go outside."""
    url = settings.timestamp_url
    authority = HttpTimestampAuthority(url) if url else None
    return Places(stream, settings.checkpoint_file, authority)
