"""Apps and permissions as they stand in the catalog's tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from domain.ports import Row, Rows
from domain.values import AppId, PermissionId
from projections.columns import maybe_text, text_list

APP_COLUMNS = (
    "a.app_id, a.name, a.description, a.categories_json, a.audience, a.owner, a.instructions, "
    "a.logo_url, a.website_url, a.multiple_permissions, a.policy"
)
PERMISSION_COLUMNS = (
    "p.permission_id, p.app_id, a.name, p.label, p.description, p.kind, p.policy, a.policy, "
    "a.audience"
)
PERMISSIONS = "permission p JOIN app a ON a.app_id = p.app_id"
AT_ONCE = 500
"""Keys in one statement."""


class AppRow(msgspec.Struct, frozen=True):
    """An app of the catalog."""

    app_id: AppId
    name: str
    description: str
    categories: tuple[str, ...]
    audience: str
    owner: str
    instructions: str
    logo_url: str | None
    website_url: str | None
    multiple_permissions: bool
    policy: str


class PermissionRow(msgspec.Struct, frozen=True):
    """A permission of the catalog, with the names of its own policy and of its app's, and the
    audience of its app."""

    permission_id: PermissionId
    app_id: AppId
    app_name: str
    label: str
    description: str
    kind: str
    policy: str
    app_policy: str
    audience: str


def app_row(row: Row) -> AppRow:
    """Return the app that stands in `APP_COLUMNS`."""
    return AppRow(
        AppId(str(row[0])),
        str(row[1]),
        str(row[2]),
        text_list(row[3]),
        str(row[4]),
        str(row[5]),
        str(row[6]),
        maybe_text(row[7]),
        maybe_text(row[8]),
        bool(row[9]),
        str(row[10]),
    )


def permission_row(row: Row) -> PermissionRow:
    """Return the permission that stands in `PERMISSION_COLUMNS`."""
    return PermissionRow(
        PermissionId(str(row[0])),
        AppId(str(row[1])),
        str(row[2]),
        str(row[3]),
        str(row[4]),
        str(row[5]),
        str(row[6]),
        str(row[7]),
        str(row[8]),
    )


def apps_by_id(rows: Rows, app_ids: Sequence[str]) -> dict[str, AppRow]:
    """Return those of the apps that there are, whoever may see them."""
    found: dict[str, AppRow] = {}
    for part, marks in _parts(app_ids):
        sql = f"SELECT {APP_COLUMNS} FROM app a WHERE a.app_id IN ({marks})"
        found |= {str(row[0]): app_row(row) for row in rows.select(sql, part)}
    return found


def permissions_by_id(rows: Rows, permission_ids: Sequence[str]) -> dict[str, PermissionRow]:
    """Return those of the permissions that there are and whose app there is, whoever may see
    them."""
    found: dict[str, PermissionRow] = {}
    for part, marks in _parts(permission_ids):
        sql = f"SELECT {PERMISSION_COLUMNS} FROM {PERMISSIONS} WHERE p.permission_id IN ({marks})"
        found |= {str(row[0]): permission_row(row) for row in rows.select(sql, part)}
    return found


def _parts(keys: Sequence[str]) -> Iterator[tuple[Sequence[str], str]]:
    for start in range(0, len(keys), AT_ONCE):
        part = keys[start : start + AT_ONCE]
        yield part, ", ".join("?" * len(part))
