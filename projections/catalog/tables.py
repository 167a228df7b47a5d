"""The tables of the catalog, and how its events change them. Each change is noted for the search as
well, which is brought up behind them, in the same transaction where there is not too much of it."""

from __future__ import annotations

from domain.catalog import (
    AppAdded,
    AppChanged,
    AppRetired,
    PermissionAdded,
    PermissionChanged,
    PermissionRetired,
)
from domain.envelope import Recorded
from domain.ports import Rows
from projections.catalog.search import generations, pending
from projections.catalog.search import tables as search
from projections.catalog.search.analysis import whole
from projections.columns import json_text
from projections.projection import Projection

_SEARCHED = "name, description, categories_json, audience, policy"
"""What an app's permissions are found by, or seen by."""


def _put_app(rows: Rows, _recorded: Recorded, event: AppAdded | AppChanged) -> None:
    record, categories = event.record, json_text(event.record.categories)
    searched = (record.name, record.description, categories, record.audience, record.policy)
    before = rows.select(f"SELECT {_SEARCHED} FROM app WHERE app_id = ?", (event.app_id,))
    rows.execute("DELETE FROM app WHERE app_id = ?", (event.app_id,))
    rows.execute(
        "INSERT INTO app (app_id, name, description, categories_json, audience, owner, "
        "instructions, logo_url, website_url, multiple_permissions, policy, name_key, "
        "category_key, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.app_id,
            record.name,
            record.description,
            categories,
            record.audience,
            record.owner,
            record.instructions,
            record.logo_url,
            record.website_url,
            int(record.multiple_permissions),
            record.policy,
            whole(record.name),
            "|".join(("", *map(whole, record.categories), "")),
            record.source,
        ),
    )
    pending.app_changed(rows, event.app_id)
    if before != [searched]:
        pending.permissions_changed(rows, event.app_id)


def _retire_app(rows: Rows, _recorded: Recorded, event: AppRetired) -> None:
    rows.execute("DELETE FROM app WHERE app_id = ?", (event.app_id,))
    pending.app_changed(rows, event.app_id)
    pending.permissions_changed(rows, event.app_id)


def _put_permission(
    rows: Rows, _recorded: Recorded, event: PermissionAdded | PermissionChanged
) -> None:
    record = event.record
    rows.execute(
        "INSERT INTO permission (permission_id, app_id, label, description, kind, policy, "
        "name_key, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (permission_id) "
        "DO UPDATE SET app_id = excluded.app_id, label = excluded.label, "
        "description = excluded.description, kind = excluded.kind, policy = excluded.policy, "
        "name_key = excluded.name_key, source = excluded.source",
        (
            event.permission_id,
            record.app_id,
            record.label,
            record.description,
            record.kind,
            record.policy,
            whole(record.label),
            record.source,
        ),
    )
    pending.permission_changed(rows, event.permission_id)


def _retire_permission(rows: Rows, _recorded: Recorded, event: PermissionRetired) -> None:
    rows.execute("DELETE FROM permission WHERE permission_id = ?", (event.permission_id,))
    pending.permission_changed(rows, event.permission_id)


PROJECTION = Projection(
    name="catalog",
    tables=("app", "permission"),
    schema=(
        "CREATE TABLE IF NOT EXISTS app ("
        "app_id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, "
        "categories_json TEXT NOT NULL, audience TEXT NOT NULL, owner TEXT NOT NULL, "
        "instructions TEXT NOT NULL, logo_url TEXT, website_url TEXT, "
        "multiple_permissions BIGINT NOT NULL, policy TEXT NOT NULL, "
        "name_key TEXT NOT NULL, category_key TEXT NOT NULL, source TEXT NOT NULL)",
        "CREATE INDEX IF NOT EXISTS app_by_name ON app (name_key)",
        "CREATE TABLE IF NOT EXISTS permission ("
        "permission_id TEXT PRIMARY KEY, app_id TEXT NOT NULL, label TEXT NOT NULL, "
        "description TEXT NOT NULL, kind TEXT NOT NULL, policy TEXT NOT NULL, "
        "name_key TEXT NOT NULL, source TEXT NOT NULL)",
        "CREATE INDEX IF NOT EXISTS permission_by_app "
        "ON permission (app_id, name_key, permission_id)",
        "CREATE INDEX IF NOT EXISTS permission_by_name ON permission (name_key)",
        *search.SCHEMA,
    ),
    handlers={
        AppAdded: _put_app,
        AppChanged: _put_app,
        AppRetired: _retire_app,
        PermissionAdded: _put_permission,
        PermissionChanged: _put_permission,
        PermissionRetired: _retire_permission,
    },
    settle=generations.settle,
    renew=generations.renew,
)
