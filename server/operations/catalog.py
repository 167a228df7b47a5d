"""Bring a catalog in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.catalog.file import parse_catalog
from server.catalog.importing import Progress, import_catalog
from server.operations.operation import CLI, Operation, Report
from server.operations.read_models import catch_up
from server.wiring import System


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


OPERATIONS: Mapping[str, Operation] = {"catalog import": catalog_import}
