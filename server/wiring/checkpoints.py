"""Who signs checkpoints, and where they are kept."""

from __future__ import annotations

from domain.checkpoint import CheckpointStream
from server.audit.checkpoints.checkpointing import Places
from server.config import Settings


def places(settings: Settings, stream: CheckpointStream | None) -> Places:
    """Return where checkpoints go outside."""
    if not settings.timestamp_url:
        return Places(stream, settings.checkpoint_file, None)
    from adapters.timestamp_authority import HttpTimestampAuthority  # noqa: PLC0415 - loads X.509

    authority = HttpTimestampAuthority(settings.timestamp_url)
    return Places(stream, settings.checkpoint_file, authority)
