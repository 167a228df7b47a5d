"""Whether the read models are what the log says: a rebuild beside them, in a store of its own, and every
row compared. Nothing is written, and whoever writes the store goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from domain.ports import EventStore
from projections.projection import Projection
from server.rebuilding.differences import Difference
from server.rebuilding.groups import build, compared, open_groups
from server.scratch import Scratch

PASSES = 2
"""A person who is forgotten while the log is read takes his words out of what is read after, not of what
was read before. Whatever differs for that alone does not differ the second time."""


def compare(
    store: EventStore,
    scratch: Scratch,
    inline: Sequence[Projection],
    followed: Sequence[Projection],
    report: Callable[[int, int], None],
) -> tuple[Difference, ...]:
    """Return the tables that are not what the log says; `report` hears positions done and in all. Those
    that follow the log are compared at the position they have come to. The store must be opened with the
    keys that its text about people needs."""
    found: tuple[Difference, ...] = ()
    with open_groups(scratch, inline, followed) as groups:
        build(store, groups, report)
        for _ in range(PASSES):
            found = tuple(one for _, wrong in compared(store, groups) for one in wrong)
            if not found:
                break
    return found
