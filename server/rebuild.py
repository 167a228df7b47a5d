"""Read models made anew inside one transaction, before anything is served: after an upgrade that gave their
tables another shape, and in a store that a log has been copied into. While a server runs, see `rebuilding`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from domain.envelope import Recorded
from domain.ports import Rows
from projections.projection import Projection
from server.follower import set_position
from server.rebuilding.beside import AT_ONCE, Beside, open_beside
from server.rebuilding.tables import tables_of
from server.scratch import Scratch


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
    scratch: Scratch | None = None,
) -> int:
    """Rebuild these; return the log's head. `report` hears positions done and in all. The rows are worked
    out in a `scratch` store where there is one, and brought over when they are done, at a fraction of the
    cost on a database that is asked over a network."""
    every, rows = (*inline, *followed), work.rows
    for projection in every:
        projection.clear(rows)
    if scratch is None:
        _replay(work, Beside(rows, every), report)
    else:
        with open_beside(scratch, every) as beside:
            _replay(work, beside, report)
            _bring_over(every, beside.rows, rows)
    for projection in followed:
        projection.renew(rows)
        set_position(rows, projection, work.head)
    return work.head


def _replay(work: Replayed, beside: Beside, report: Callable[[int, int], None]) -> None:
    while events := work.events_after(beside.position, AT_ONCE):
        beside.apply(events)
        report(beside.position, work.head)


def _bring_over(every: Sequence[Projection], built: Rows, rows: Rows) -> None:
    for projection in every:
        for table in tables_of(projection.schema):
            if table.name in projection.tables:
                scanned = built.bulk.scan(table.name, table.columns)
                rows.bulk.load(table.name, table.columns, scanned)
