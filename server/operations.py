"""Long work on the store that an operator asks for by name, in this process or, over the control
socket, in the server's: import a catalog, rebuild the read models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.values import Actor, Via
from server import rebuild
from server.catalog.file import parse_catalog
from server.catalog.importing import Progress, import_catalog
from server.command_bus import UnitOfWork
from server.wiring import FOLLOWED, INLINE, System

Report = Callable[[Mapping[str, int]], None]
"""Hears ``{"done", "total"}`` as the work goes on."""

Operation = Callable[[System, bytes, Report], dict[str, Any]]
CLI = Actor(Via.CLI)


def catalog_import(system: System, body: bytes, report: Report) -> dict[str, Any]:
    """Import a catalog file; raises `BadCatalog` before anything is written."""
    catalog = parse_catalog(body)

    def tell(progress: Progress) -> None:
        report({"done": progress.done, "total": progress.total})

    done = import_catalog(system.bus, catalog, CLI, system.clock, system.new_id, tell)
    catch_up(system)
    return {
        "apps": len(catalog.apps),
        "permissions": len(catalog.permissions),
        "added": done.added,
        "changed": done.changed,
        "unchanged": done.unchanged,
    }


def rebuild_all(system: System, _body: bytes, report: Report) -> dict[str, Any]:
    """Rebuild every read model from the log."""

    def tell(done: int, total: int) -> None:
        report({"done": done, "total": total})

    def job(work: UnitOfWork) -> int:
        return rebuild.rebuild(work, INLINE, FOLLOWED, tell)

    position = system.bus.call_blocking(job)
    return {"position": position, "read_models": [one.name for one in (*INLINE, *FOLLOWED)]}


def catch_up(system: System) -> None:
    """Bring every followed read model to the log's head."""
    for follower in system.followers:
        follower.catch_up()


OPERATIONS: Mapping[str, Operation] = {
    "catalog import": catalog_import,
    "rebuild": rebuild_all,
}
