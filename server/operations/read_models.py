"""Read models: rebuild them, and bring those that follow up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from projections.projection import Projection
from server.bad_file import BadFile
from server.operations.operation import Operation, Report, counted, read_wish
from server.wiring import FOLLOWED, INLINE, System
from server.wiring.stores import scratch_for

_names = msgspec.json.Decoder(list[str])


class NoSuchReadModel(BadFile):
    """There is no read model of this name; the message names those that there are."""


def rebuild_all(system: System, body: bytes, report: Report) -> dict[str, Any]:
    """Rebuild all read models, or those that are named, while commands and queries go on."""
    from server.rebuilding.mending import rebuild_beside  # noqa: PLC0415 - nothing is, mostly

    names = read_wish(_names, body) if body else []
    inline, followed = _named(INLINE, names), _named(FOLLOWED, names)
    known = [one.name for one in (*INLINE, *FOLLOWED)]
    for name in names:
        if name not in known:
            raise NoSuchReadModel(f"there is no read model {name[:80]!r}; {', '.join(known)}")

    catch_up(system)
    scratch = scratch_for(system.store)
    done = rebuild_beside(system.store, system.bus, scratch, inline, followed, counted(report))
    catch_up(system)
    return {
        "position": done.position,
        "read_models": [one.name for one in (*inline, *followed)],
        "events_per_second": done.per_second,
        "rows_mended": dict(done.mended),
    }


def _named(projections: Sequence[Projection], names: Sequence[str]) -> Sequence[Projection]:
    return [one for one in projections if not names or one.name in names]


def catch_up(system: System) -> None:
    """Bring every followed read model to the log's head."""
    for follower in system.followers:
        follower.catch_up()


OPERATIONS: Mapping[str, Operation] = {"rebuild": rebuild_all}
