"""Read models that stand at the same position of the log, live and beside. Those that are written with the
events stand at its head, all of them; one that follows stands wherever it has come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from domain.ports import EventStore, Rows
from projections.projection import Projection
from server.follower import position_of
from server.rebuilding.beside import AT_ONCE, Pieces, Trial, open_beside
from server.rebuilding.collecting import seldom_collected
from server.rebuilding.differences import Difference, difference
from server.rebuilding.tables import tables_of
from server.scratch import Scratch

Report = Callable[[int, int], None]
"""Hears positions done and in all."""


@dataclass(frozen=True, slots=True)
class Group:
    """Read models at one position, and the same beside."""

    projections: tuple[Projection, ...]
    followed: bool
    beside: Trial

    def position(self, live: Rows, head: int) -> int:
        """Return at which position the live tables stand, in a log that ends at `head`."""
        return position_of(live, self.projections[0]) if self.followed else head

    def differences(self, live: Rows) -> Iterator[Difference]:
        """Yield the tables that differ from those beside, which must stand at the same position."""
        for projection in self.projections:
            for table in tables_of(projection.schema):
                if table.name in projection.tables:
                    found = difference(projection.name, table, live, self.beside.rows)
                    if found is not None:
                        yield found


@contextmanager
def open_groups(
    scratch: Scratch, inline: Sequence[Projection], followed: Sequence[Projection]
) -> Iterator[tuple[Group, ...]]:
    """Open tables beside for all these read models."""
    parts = [(tuple(inline), False)] if inline else []
    parts += [((one,), True) for one in followed]
    with ExitStack() as opened:
        yield tuple(
            Group(projections, follows, opened.enter_context(open_beside(scratch, projections)))
            for projections, follows in parts
        )


def build(store: EventStore, groups: Sequence[Group], report: Report) -> int:
    """Bring the groups up to where their live tables are now; return the log's head."""
    with store.read() as live:
        head = live.bulk.log_end()[0]
        targets = [group.position(live, head) for group in groups]
    pieces, end = Pieces(store), max(targets, default=0)
    with seldom_collected():
        for begin in range(0, end, AT_ONCE):
            upto = min(begin + AT_ONCE, end)
            for group, target in zip(groups, targets, strict=True):
                group.beside.follow(pieces, min(upto, target))
            report(upto, end)
    return head


def compared(store: EventStore, groups: Sequence[Group]) -> list[tuple[Group, list[Difference]]]:
    """Return in what the live tables of each group differ, all seen in one consistent read, from what is
    beside, brought up to that position."""
    pieces, found = Pieces(store), list[tuple[Group, list[Difference]]]()
    with store.read() as live:
        head = live.bulk.log_end()[0]
        for group in groups:
            group.beside.follow(pieces, group.position(live, head))
            found.append((group, list(group.differences(live))))
    return found
