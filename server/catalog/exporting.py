"""The catalog as the log has it, folded from its events, so that an export is exact even while the
search follows behind."""

from __future__ import annotations

from dataclasses import replace

from domain.catalog import (
    AppAdded,
    AppChanged,
    AppRecord,
    AppRetired,
    PermissionAdded,
    PermissionChanged,
    PermissionRecord,
    PermissionRetired,
)
from domain.policy import Policy, PolicyPublished, PolicyRetired
from domain.ports import EventLog
from domain.values import AppId, PermissionId
from server.catalog.source import Catalog

BATCH = 2_000


def export_catalog(log: EventLog) -> Catalog:
    """Return the catalog at the log's present head."""
    apps: dict[AppId, AppRecord] = {}
    permissions: dict[PermissionId, PermissionRecord] = {}
    policies: dict[str, Policy] = {}
    position = 0
    while events := log.events_after(position, BATCH):
        for recorded in events:
            match recorded.envelope.event:
                case AppAdded(app_id, record) | AppChanged(app_id, record):
                    apps[app_id] = record
                case AppRetired(app_id):
                    apps.pop(app_id, None)
                case PermissionAdded(one, held) | PermissionChanged(one, held):
                    permissions[one] = held
                case PermissionRetired(one):
                    permissions.pop(one, None)
                case PolicyPublished(policy):
                    policies[policy.policy_id] = replace(policy, version=0)
                case PolicyRetired(policy_id):
                    policies.pop(policy_id, None)
        position = events[-1].position
    standing = {one: held for one, held in permissions.items() if held.app_id in apps}
    return Catalog(apps, standing, policies)
