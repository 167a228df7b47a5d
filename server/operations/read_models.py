"""Read models: rebuild them all, and bring those that follow up to date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server import rebuild
from server.command_bus import UnitOfWork
from server.operations.operation import Operation, Report
from server.wiring import FOLLOWED, INLINE, System


def rebuild_all(system: System, _body: bytes, report: Report) -> dict[str, Any]:
    """Rebuild every read model from the log."""

    def tell(done: int, total: int) -> None:
        report({"done": done, "total": total})

    def job(work: UnitOfWork) -> int:
        return rebuild.rebuild(work, INLINE, FOLLOWED, tell)

    position = system.bus.call_blocking(job)
    catch_up(system)
    return {"position": position, "read_models": [one.name for one in (*INLINE, *FOLLOWED)]}


def catch_up(system: System) -> None:
    """Bring every followed read model to the log's head."""
    for follower in system.followers:
        follower.catch_up()


OPERATIONS: Mapping[str, Operation] = {"rebuild": rebuild_all}
