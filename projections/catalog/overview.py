"""The catalog as administrators look through it: all of it, whoever may request what, by the words of a name
or an id, by audience, policy or source. Queries of the catalog's own tables."""

from __future__ import annotations

from dataclasses import dataclass

from domain.ports import Rows
from projections.catalog.rows import (
    APP_COLUMNS,
    PERMISSION_COLUMNS,
    PERMISSIONS,
    AppRow,
    PermissionRow,
    app_row,
    permission_row,
)
from projections.catalog.search.analysis import whole
from projections.columns import number
from projections.pages import Page
from projections.visibility import Where

EVERYTHING = Where(("1 = 1",), ())
_SPECIAL = str.maketrans({one: f"!{one}" for one in "!%_"})


@dataclass(frozen=True, slots=True)
class Sought:
    """Which apps or permissions: None lets all through. `words` stand in the name or the id, `audience` is
    the app's, `policy` the one that the record itself names."""

    words: str | None = None
    app_id: str | None = None
    audience: str | None = None
    policy: str | None = None
    source: str | None = None


def all_apps(rows: Rows, sought: Sought, page: int, size: int) -> Page[AppRow]:
    """Return a page of the apps, by name."""
    where = _narrowed(sought, "a", "a.app_id")
    total = number(rows.select(f"SELECT COUNT(*) FROM app a WHERE {where}", where.params)[0][0])
    found = rows.select(
        f"SELECT {APP_COLUMNS} FROM app a WHERE {where} "
        "ORDER BY a.name_key, a.app_id LIMIT ? OFFSET ?",
        (*where.params, size, (page - 1) * size),
    )
    return Page(tuple(map(app_row, found)), total, page, size)


def all_permissions(rows: Rows, sought: Sought, page: int, size: int) -> Page[PermissionRow]:
    """Return a page of the permissions whose app is in the catalog too, by app and label."""
    where = _narrowed(sought, "p", "p.permission_id")
    counted = f"SELECT COUNT(*) FROM {PERMISSIONS} WHERE {where}"
    total = number(rows.select(counted, where.params)[0][0])
    found = rows.select(
        f"SELECT {PERMISSION_COLUMNS} FROM {PERMISSIONS} WHERE {where} "
        "ORDER BY p.app_id, p.name_key, p.permission_id LIMIT ? OFFSET ?",
        (*where.params, size, (page - 1) * size),
    )
    return Page(tuple(map(permission_row, found)), total, page, size)


def ids_after(rows: Rows, table: str, last: str, count: int) -> list[str]:
    """Return the ids behind one, in order, of the table ``app`` or ``permission``."""
    found = rows.select(
        f"SELECT {table}_id FROM {table} WHERE {table}_id > ? ORDER BY {table}_id LIMIT ?",
        (last, count),
    )
    return [str(key) for (key,) in found]


def permission_count(rows: Rows, app_id: str) -> int:
    """Return how many permissions an app has."""
    sql = "SELECT COUNT(*) FROM permission WHERE app_id = ?"
    return number(rows.select(sql, (app_id,))[0][0])


def naming(rows: Rows, policy_id: str) -> tuple[int, int]:
    """Return how many apps and how many permissions name this policy themselves."""
    apps, permissions = (
        number(rows.select(f"SELECT COUNT(*) FROM {table} WHERE policy = ?", (policy_id,))[0][0])
        for table in ("app", "permission")
    )
    return apps, permissions


def _narrowed(sought: Sought, table: str, key: str) -> Where:
    where = EVERYTHING
    if sought.words is not None:
        # Names are compared as they are searched, if anything of the words is left then; ids as they stand.
        named, said = whole(sought.words), _within(sought.words.strip().lower())
        within = f"LOWER({key}) LIKE ? ESCAPE '!'"
        either = f"({table}.name_key LIKE ? ESCAPE '!' OR {within})"
        where = where.and_(either, _within(named), said) if named else where.and_(within, said)
    for condition, value in (
        (f"{table}.app_id = ?", sought.app_id),
        ("a.audience = ?", sought.audience),
        (f"{table}.policy = ?", sought.policy),
        (f"{table}.source = ?", sought.source),
    ):
        if value is not None:
            where = where.and_(condition, value)
    return where


def _within(text: str) -> str:
    return f"%{text.translate(_SPECIAL)}%"
