"""What can be asked for, and a first search in it: by name, label and description, a word that
stands in the name counting most. A person finds only what his groups may request, and counts only
that. The ranked search of issue 5 takes this one's place behind the same queries."""

from __future__ import annotations

from dataclasses import dataclass

from domain.catalog import (
    AppAdded,
    AppChanged,
    AppRetired,
    PermissionAdded,
    PermissionChanged,
    PermissionRetired,
)
from domain.envelope import Recorded
from domain.ports import Row, Rows, Value
from domain.values import AppId, PermissionId
from projections.columns import json_text, maybe_text, number, text_list
from projections.pages import Page
from projections.projection import Projection
from projections.search_text import folded, search_words
from projections.visibility import Where, permissions_in_view, visible_apps, visible_permissions

APP_COLUMNS = (
    "a.app_id, a.name, a.description, a.categories_json, a.audience, a.owner, a.instructions, "
    "a.logo_url, a.website_url, a.multiple_permissions, a.policy"
)
PERMISSION_COLUMNS = (
    "p.permission_id, p.app_id, a.name, p.label, p.description, p.kind, p.policy, a.policy"
)


@dataclass(frozen=True, slots=True)
class AppRow:
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
    permission_count: int


@dataclass(frozen=True, slots=True)
class PermissionRow:
    """A permission of the catalog, with the names of its own policy and of its app's; `score` says
    how well it matched, 0 where nothing was sought."""

    permission_id: PermissionId
    app_id: AppId
    app_name: str
    label: str
    description: str
    kind: str
    policy: str
    app_policy: str
    score: float


def _put_app(rows: Rows, _recorded: Recorded, event: AppAdded | AppChanged) -> None:
    record = event.record
    rows.execute("DELETE FROM app WHERE app_id = ?", (event.app_id,))
    rows.execute(
        "INSERT INTO app (app_id, name, description, categories_json, audience, owner, "
        "instructions, logo_url, website_url, multiple_permissions, policy, name_key, text_key, "
        "category_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.app_id,
            record.name,
            record.description,
            json_text(record.categories),
            record.audience,
            record.owner,
            record.instructions,
            record.logo_url,
            record.website_url,
            int(record.multiple_permissions),
            record.policy,
            folded(record.name),
            folded(" ".join((record.name, record.description, *record.categories))),
            "|".join(("", *(folded(category) for category in record.categories), "")),
        ),
    )


def _retire_app(rows: Rows, _recorded: Recorded, event: AppRetired) -> None:
    rows.execute("DELETE FROM app WHERE app_id = ?", (event.app_id,))


def _put_permission(
    rows: Rows, _recorded: Recorded, event: PermissionAdded | PermissionChanged
) -> None:
    record = event.record
    rows.execute("DELETE FROM permission WHERE permission_id = ?", (event.permission_id,))
    rows.execute(
        "INSERT INTO permission (permission_id, app_id, label, description, kind, policy, "
        "name_key, text_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.permission_id,
            record.app_id,
            record.label,
            record.description,
            record.kind,
            record.policy,
            folded(record.label),
            folded(f"{record.label} {record.description}"),
        ),
    )


def _retire_permission(rows: Rows, _recorded: Recorded, event: PermissionRetired) -> None:
    rows.execute("DELETE FROM permission WHERE permission_id = ?", (event.permission_id,))


PROJECTION = Projection(
    name="catalog",
    tables=("app", "permission"),
    schema=(
        "CREATE TABLE IF NOT EXISTS app ("
        "app_id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, "
        "categories_json TEXT NOT NULL, audience TEXT NOT NULL, owner TEXT NOT NULL, "
        "instructions TEXT NOT NULL, logo_url TEXT, website_url TEXT, "
        "multiple_permissions BIGINT NOT NULL, policy TEXT NOT NULL, name_key TEXT NOT NULL, text_key TEXT NOT NULL, "
        "category_key TEXT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS permission ("
        "permission_id TEXT PRIMARY KEY, app_id TEXT NOT NULL, label TEXT NOT NULL, "
        "description TEXT NOT NULL, kind TEXT NOT NULL, policy TEXT NOT NULL, "
        "name_key TEXT NOT NULL, text_key TEXT NOT NULL)",
        "CREATE INDEX IF NOT EXISTS permission_by_app ON permission (app_id)",
    ),
    handlers={
        AppAdded: _put_app,
        AppChanged: _put_app,
        AppRetired: _retire_app,
        PermissionAdded: _put_permission,
        PermissionChanged: _put_permission,
        PermissionRetired: _retire_permission,
    },
)


@dataclass(frozen=True, slots=True)
class _Score:
    """A SQL expression that grows with each word found, and its parameters."""

    sql: str
    params: tuple[Value, ...]


def _sought(where: Where, text: str, alias: str, *, exact: bool) -> tuple[Where, _Score]:
    """Narrow to what holds any of the words, or with `exact` to what is named just so."""
    whole = folded(text)
    if exact:
        return where.and_(f"{alias}.name_key = ?", whole), _Score("1", ())
    words = search_words(text)
    if not words:
        return where.and_("1 = 0"), _Score("0", ())
    anywhere = tuple(f"%{word}%" for word in words)
    any_word = " OR ".join(f"{alias}.text_key LIKE ?" for _ in words)
    found = where.and_(f"({any_word})", *anywhere)
    each = (
        f"CASE WHEN {alias}.name_key LIKE ? THEN 6 WHEN {alias}.name_key LIKE ? THEN 4 "
        f"WHEN {alias}.text_key LIKE ? THEN 2 WHEN {alias}.text_key LIKE ? THEN 1 ELSE 0 END"
    )
    params = [
        pattern
        for word in words
        for pattern in (f"% {word} %", f"% {word}%", f"% {word}%", f"%{word}%")
    ]
    named = f"CASE WHEN {alias}.name_key = ? THEN 50 ELSE 0 END"
    return found, _Score(" + ".join([each] * len(words) + [named]), (*params, whole))


def search_apps(
    rows: Rows,
    groups: tuple[str, ...],
    text: str | None,
    *,
    exact: bool = False,
    category: str | None = None,
    page: int = 1,
    size: int = 20,
) -> Page[AppRow]:
    """Return a page of the apps that these groups may request, best match first."""
    where, score = visible_apps(groups), _Score("0", ())
    if category is not None:
        where = where.and_("a.category_key LIKE ?", f"%|{folded(category)}|%")
    if text is not None:
        where, score = _sought(where, text, "a", exact=exact)
    total = number(rows.select(f"SELECT COUNT(*) FROM app a WHERE {where}", where.params)[0][0])
    count = permissions_in_view(groups)
    found = rows.select(
        f"SELECT {APP_COLUMNS}, {count}, {score.sql} AS score FROM app a "
        f"WHERE {where} ORDER BY score DESC, a.name_key, a.app_id LIMIT ? OFFSET ?",
        (*count.params, *score.params, *where.params, size, (page - 1) * size),
    )
    return Page(tuple(_app(row) for row in found), total, page, size)


def app_by_id(rows: Rows, groups: tuple[str, ...], app_id: str) -> AppRow | None:
    """Return one app if these groups may request it, else None."""
    where = visible_apps(groups).and_("a.app_id = ?", app_id)
    count = permissions_in_view(groups)
    found = rows.select(
        f"SELECT {APP_COLUMNS}, {count} FROM app a WHERE {where}", (*count.params, *where.params)
    )
    return _app(found[0]) if found else None


def app_of_permission(rows: Rows, permission_id: str) -> AppId | None:
    """Return the app that a permission belongs to, whoever may see it."""
    found = rows.select("SELECT app_id FROM permission WHERE permission_id = ?", (permission_id,))
    return AppId(str(found[0][0])) if found else None


def search_permissions(
    rows: Rows,
    groups: tuple[str, ...],
    text: str | None,
    *,
    exact: bool = False,
    app_id: str | None = None,
    page: int = 1,
    size: int = 20,
) -> Page[PermissionRow]:
    """Return a page of the permissions that these groups may request, best match first."""
    where, score = visible_permissions(groups), _Score("0", ())
    if app_id is not None:
        where = where.and_("p.app_id = ?", app_id)
    if text is not None:
        where, score = _sought(where, text, "p", exact=exact)
    source = "permission p JOIN app a ON a.app_id = p.app_id"
    total = number(rows.select(f"SELECT COUNT(*) FROM {source} WHERE {where}", where.params)[0][0])
    found = rows.select(
        f"SELECT {PERMISSION_COLUMNS}, {score.sql} AS score FROM {source} "
        f"WHERE {where} ORDER BY score DESC, p.name_key, p.permission_id LIMIT ? OFFSET ?",
        (*score.params, *where.params, size, (page - 1) * size),
    )
    return Page(tuple(_permission(row) for row in found), total, page, size)


def _app(row: Row) -> AppRow:
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
        number(row[11]),
    )


def _permission(row: Row) -> PermissionRow:
    return PermissionRow(
        PermissionId(str(row[0])),
        AppId(str(row[1])),
        str(row[2]),
        str(row[3]),
        str(row[4]),
        str(row[5]),
        str(row[6]),
        str(row[7]),
        float(number(row[8])),
    )
