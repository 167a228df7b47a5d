"""Rebuilding read models: forget every row, replay the log, all in one transaction, so that readers
see the old rows until the new ones stand. Writers wait meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from domain.envelope import Recorded
from domain.ports import Rows
from projections.projection import Projection
from server.follower import set_position

BATCH = 1_000


class Replayed(Protocol):
    """What a rebuild needs of the transaction that it runs in."""

    @property
    def rows(self) -> Rows:
        """The tables."""

    @property
    def head(self) -> int:
        """Position of the newest event."""

    def events_after(self, position: int, limit: int) -> Sequence[Recorded]:
        """Return up to `limit` events after `position`."""


def rebuild(
    work: Replayed,
    inline: Sequence[Projection],
    followed: Sequence[Projection],
    report: Callable[[int, int], None],
) -> int:
    """Rebuild all; return the log's head. `report` hears positions done and in all."""
    every, rows, position = (*inline, *followed), work.rows, 0
    for projection in every:
        projection.clear(rows)
    while events := work.events_after(position, BATCH):
        for recorded in events:
            for projection in every:
                projection.apply(rows, recorded)
        position = events[-1].position
        report(position, work.head)
    for projection in followed:
        projection.renew(rows)
        set_position(rows, projection, position)
    return position
