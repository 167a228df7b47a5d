"""The log up to a position, in batches: what was appended since is left to the next time, and where events are
missing, fewer come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import TypeVar

from domain.chain import Link
from domain.envelope import Recorded
from domain.ports import EventLog, EventStore

BATCH = 1_000
One = TypeVar("One")


def links_until(log: EventStore, end: int, after: int = 0) -> Iterator[Sequence[Link]]:
    """Yield the events behind `after` up to `end` as they are stored."""
    return _until(log.links_after, lambda link: link[0], end, after)


def events_until(log: EventLog, end: int, after: int = 0) -> Iterator[Sequence[Recorded]]:
    """Yield the events behind `after` up to `end`."""
    return _until(log.events_after, lambda recorded: recorded.position, end, after)


def _until(
    read: Callable[[int, int], Sequence[One]],
    position_of: Callable[[One], int],
    end: int,
    after: int,
) -> Iterator[Sequence[One]]:
    position = after
    while position < end:
        batch = read(position, min(BATCH, end - position))
        if batch and position_of(batch[-1]) > end:
            batch = list(takewhile(lambda one: position_of(one) <= end, batch))
        if not batch:
            return
        yield batch
        position = position_of(batch[-1])
