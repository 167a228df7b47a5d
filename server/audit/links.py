"""The log as it is stored, up to a position: what was appended since is left to the next time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.chain import Link
from domain.ports import EventStore

BATCH = 1_000


def links_until(log: EventStore, end: int, after: int = 0) -> Iterator[Sequence[Link]]:
    """Yield the events behind `after` up to `end`, in batches; fewer where some are missing."""
    position = after
    while position < end:
        links = log.links_after(position, min(BATCH, end - position))
        if links and links[-1][0] > end:
            links = [link for link in links if link[0] <= end]
        if not links:
            return
        yield links
        position = links[-1][0]
