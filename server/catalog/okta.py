"""Okta: ``{"apps": [...], "groups": [...], "app_groups": {"<app id>": [...]}}``, where `apps` is what
``GET /api/v1/apps`` returns, `groups` what ``GET /api/v1/groups`` returns, and `app_groups` for each app
what ``GET /api/v1/apps/{id}/groups`` returns. An active app is an app; a group that is assigned to it is a
permission of it, since membership is what grants it; a group of Okta's own that is assigned to none
is a permission of the app "Okta groups"."""

from __future__ import annotations

from typing import Any

import msgspec

from server.catalog.source import Catalog
from server.catalog.vendor_files import Collected, decoded

SOURCE = "okta"
GROUPS = "okta:groups"
ACTIVE, OKTA_GROUP, BUILT_IN = "ACTIVE", "OKTA_GROUP", "BUILT_IN"


class _Profile(msgspec.Struct):
    name: str
    description: str | None = None


class _Group(msgspec.Struct):
    id: str
    profile: _Profile
    type: str = OKTA_GROUP


class _App(msgspec.Struct):
    id: str
    label: str
    status: str = ACTIVE
    links: dict[str, Any] = msgspec.field(default_factory=dict, name="_links")
    settings: dict[str, Any] = {}


class _Assignment(msgspec.Struct):
    id: str


class _File(msgspec.Struct):
    apps: list[_App]
    groups: list[_Group]
    app_groups: dict[str, list[_Assignment]] = {}


def parse_okta(data: bytes, audience: str, policy: str) -> Catalog:
    """Return the catalog of an Okta organisation; raises `BadCatalog`."""
    file = decoded(data, _File)
    collected = Collected(SOURCE, audience, policy)
    groups = {one.id: one for one in file.groups if one.type != BUILT_IN}
    collected.skipped += len(file.groups) - len(groups)
    assigned: set[str] = set()
    for app in file.apps:
        if app.status != ACTIVE:
            collected.skipped += 1
            continue
        key = f"okta:{app.id}"
        collected.app(key, app.label, _note(app), logo_url=_logo(app))
        for assignment in file.app_groups.get(app.id, ()):
            group = groups.get(assignment.id)
            if group is None:
                collected.skipped += 1
                continue
            assigned.add(group.id)
            _add(collected, f"{key}:{group.id}", key, app.label, group)
    loose = [one for one in groups.values() if one.type == OKTA_GROUP and one.id not in assigned]
    if loose:
        collected.app(GROUPS, "Okta groups", "Groups of the organisation's directory.")
    for group in loose:
        _add(collected, f"{GROUPS}:{group.id}", GROUPS, "Okta groups", group)
    collected.skipped += len(groups) - len(loose) - len(assigned & groups.keys())
    return collected.catalog()


def _add(collected: Collected, key: str, app_id: str, app_name: str, group: _Group) -> None:
    label = f"{app_name} / {group.profile.name}"
    collected.permission(key, app_id, label, group.profile.description or "", "group")


def _note(app: _App) -> str:
    """Return what the administrators of Okta tell its users about an app."""
    notes = app.settings.get("notes")
    told = notes.get("enduser") if isinstance(notes, dict) else None
    return told if isinstance(told, str) else ""


def _logo(app: _App) -> str | None:
    logos = app.links.get("logo")
    first = logos[0] if isinstance(logos, list) and logos else None
    href = first.get("href") if isinstance(first, dict) else None
    return href if isinstance(href, str) else None
