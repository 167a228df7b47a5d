"""Bring a catalog in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from projections.policies import policies
from server.catalog.file import BadCatalog, Catalog, parse_catalog
from server.catalog.importing import Progress, import_catalog
from server.operations.operation import CLI, Operation, Report
from server.operations.read_models import catch_up
from server.wiring import System


def catalog_import(system: System, body: bytes, report: Report) -> dict[str, Any]:
    """Import a catalog file; raises `BadCatalog` before anything is written."""
    catalog = parse_catalog(body)
    _check_policies(system, catalog)

    def tell(progress: Progress) -> None:
        report({"done": progress.done, "total": progress.total})

    done = import_catalog(system.bus, catalog, CLI, system.clock, system.new_id, tell)
    catch_up(system)
    return {
        "apps": len(catalog.apps),
        "permissions": len(catalog.permissions),
        "policies": len(catalog.policies),
        "added": done.added,
        "changed": done.changed,
        "unchanged": done.unchanged,
    }


def _check_policies(system: System, catalog: Catalog) -> None:
    """Refuse a name that would silently mean the default policy."""
    standing = {one.policy_id for one in system.reads.blocking(policies)} | catalog.policies.keys()
    named: dict[str, str] = {one.policy: key for key, one in catalog.apps.items()}
    named |= {one.policy: key for key, one in catalog.permissions.items()}
    for policy_id, key in named.items():
        if policy_id and policy_id not in standing:
            raise BadCatalog(f"{key} names the policy {policy_id}; there is none such")


OPERATIONS: Mapping[str, Operation] = {"catalog import": catalog_import}
