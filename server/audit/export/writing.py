"""Going through the log for an export."""

from __future__ import annotations

from collections.abc import Iterator

from server.audit.export.public_form import Origin, PublicEvent
from server.audit.reading import Progress, Sought, events


def sought_events(
    origin: Origin, sought: Sought, after: int, progress: Progress
) -> Iterator[PublicEvent]:
    """Return the events after a position that are sought, up to the head at the start."""
    found = events(origin.store, sought, origin.app_of, after, progress=progress)
    return map(origin.public, found)
