"""Read models rebuilt while they are read and written. What differs from the log is mended in one
transaction of the writer, at the very position at which it stands then; and because an event that came
meanwhile may have carried a wrong row's content on, everything is compared once more, until nothing
differs."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from domain.ports import EventStore, Row, Rows, Unavailable
from projections.projection import Projection
from server.command_bus import CommandBus, UnitOfWork
from server.rebuilding.beside import AT_ONCE
from server.rebuilding.differences import Difference, look_up
from server.rebuilding.groups import Group, Report, build, compared, open_groups
from server.scratch import Scratch

PASSES = 4
"""So often what differs is mended before it is a fault of the projection."""

_log = logging.getLogger(__name__)


class NeverRight(Unavailable):
    """A read model does not come out as the log says, however often it is mended."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild came to: the log's head then, how long the log took, and how many rows of each read
    model were not what it says, and now are."""

    position: int
    seconds: float
    mended: Mapping[str, int]

    @property
    def per_second(self) -> int:
        """Events a second."""
        return round(self.position / self.seconds) if self.seconds else 0


def rebuild_beside(
    store: EventStore,
    bus: CommandBus,
    scratch: Scratch,
    inline: Sequence[Projection],
    followed: Sequence[Projection],
    report: Report,
) -> Rebuilt:
    """Make these read models what the log says; blocking. Raises `NeverRight`."""
    with open_groups(scratch, inline, followed) as groups:
        began = time.perf_counter()
        head = build(store, groups, report)
        seconds = time.perf_counter() - began
        mended = Counter[str]()
        for _ in range(PASSES):
            found = [(group, wrong) for group, wrong in compared(store, groups) if wrong]
            if not found:
                break
            mended += bus.call_blocking(partial(_mend_all, found))
        else:
            raise NeverRight(f"it differs again after each mending: {found[0][1][0]}")
        bus.call_blocking(partial(_renew, followed))
    for name, rows in mended.items():
        _log.warning("read model %s: %d rows were not what the log says", name, rows)
    return Rebuilt(head, seconds, mended)


def _renew(followed: Sequence[Projection], work: UnitOfWork) -> None:
    """Have everything derived anew that followed read models derive from their tables."""
    for projection in followed:
        projection.renew(work.rows)


def _mend_all(found: Sequence[tuple[Group, list[Difference]]], work: UnitOfWork) -> Counter[str]:
    """Mend what differs; return how many rows of each read model did. What is beside is left as it was:
    a job may be run twice, and the events that it sees may be undone."""
    mended = Counter[str]()
    for group, wrong in found:
        beside, until = group.beside, group.position(work.rows, work.head)
        with beside.undone():
            while beside.position < until:
                count = min(AT_ONCE, until - beside.position)
                beside.apply(work.events_after(beside.position, count))
            for one in wrong:
                mended[one.read_model] += _mend(one, work.rows, beside.rows)
    if mended:
        work.forget_lookups()
    return +mended


def _mend(wrong: Difference, live: Rows, built: Rows) -> int:
    """Make rows of a live table what they are beside; return how many were not."""
    table = wrong.table
    if wrong.whole:
        live.execute(f"DELETE FROM {table.name}")
        live.bulk.load(table.name, table.columns, built.bulk.scan(table.name, table.columns))
        return wrong.rows
    there, right = look_up(live, table, wrong.keys), look_up(built, table, wrong.keys)
    keys = [key for key in wrong.keys if there.get(key) != right.get(key)]
    where = " AND ".join(f"{column} = ?" for column in table.key)
    live.execute_many(f"DELETE FROM {table.name} WHERE {where}", keys)
    rows: list[Row] = [right[key] for key in keys if key in right]
    live.bulk.load(table.name, table.columns, rows)
    return len(keys)
