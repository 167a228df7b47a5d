"""Going through the log for an export."""

from __future__ import annotations

from collections.abc import Iterator

from server.audit.export.public_form import Origin, Progress, PublicEvent
from server.audit.reading import BATCH, Sought, is_sought


def sought_events(
    origin: Origin, sought: Sought, after: int, progress: Progress
) -> Iterator[PublicEvent]:
    """Yield the events after a position that are sought, up to the head at the start."""
    head, position = origin.store.head(), after
    while position < head:
        batch = origin.store.events_after(position, min(BATCH, head - position))
        if not batch:
            return
        for recorded in batch:
            if is_sought(recorded, sought, origin.app_of):
                yield origin.public(recorded)
        position = batch[-1].position
        progress(position, head)
