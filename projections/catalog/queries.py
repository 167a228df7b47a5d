"""What a person finds in the catalog: searched, listed or by id. He finds only what his groups may request,
and counts only that; what search says is checked again when the rows are read, since search follows
behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.ports import Rows, Value
from domain.values import AppId
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
from projections.catalog.search.findings import Found, Hit, as_written
from projections.catalog.search.generations import live_generation
from projections.catalog.search.tables import Collection
from projections.columns import number, text_list
from projections.pages import Page
from projections.visibility import Where, audiences_of, visible_apps, visible_permissions

Record = TypeVar("Record", bound=AppRow | PermissionRow)


@dataclass(frozen=True, slots=True)
class Finding(Generic[Record]):
    """A record that was found, and how."""

    record: Record
    hit: Hit


def corrections(shown: Sequence[Finding[Record]], found: Found) -> dict[str, str]:
    """Return the words that were taken to be misspelt, each as it is written in what is shown."""
    if not found.corrected:
        return {}
    texts = [text for one in shown for text in _texts(one.record)]
    return {said: as_written(term, texts) for said, term in found.corrected.items()}


def _texts(record: AppRow | PermissionRow) -> tuple[str, ...]:
    if isinstance(record, AppRow):
        return (record.name, record.description, *record.categories)
    return (record.label, record.description, record.app_name)


def app_by_id(rows: Rows, groups: tuple[str, ...], app_id: str) -> AppRow | None:
    """Return one app if these groups may request it, else None."""
    return seen_apps(rows, groups, (app_id,)).get(app_id)


def seen_apps(rows: Rows, groups: tuple[str, ...], app_ids: Sequence[str]) -> dict[str, AppRow]:
    """Return those of these apps that the groups may request."""
    where = _among(visible_apps(groups), "a.app_id", app_ids)
    found = rows.select(f"SELECT {APP_COLUMNS} FROM app a WHERE {where}", where.params)
    return {str(row[0]): app_row(row) for row in found}


def app_of_permission(rows: Rows, permission_id: str) -> AppId | None:
    """Return the app that a permission belongs to, whoever may see it."""
    found = rows.select("SELECT app_id FROM permission WHERE permission_id = ?", (permission_id,))
    return AppId(str(found[0][0])) if found else None


def apps_found(
    rows: Rows, groups: tuple[str, ...], found: Found, page: int, size: int
) -> Page[Finding[AppRow]]:
    """Return a page of the apps that a search found."""
    hits = found.hits[(page - 1) * size : page * size]
    apps = seen_apps(rows, groups, [one.item_id for one in hits])
    items = tuple(Finding(apps[one.item_id], one) for one in hits if one.item_id in apps)
    return Page(items, len(found.hits), page, size)


def permissions_found(
    rows: Rows, groups: tuple[str, ...], found: Found, page: int, size: int
) -> Page[Finding[PermissionRow]]:
    """Return a page of the permissions that a search found."""
    hits = found.hits[(page - 1) * size : page * size]
    records = seen_permissions(rows, groups, [one.item_id for one in hits])
    items = tuple(Finding(records[one.item_id], one) for one in hits if one.item_id in records)
    return Page(items, len(found.hits), page, size)


def seen_permissions(
    rows: Rows, groups: tuple[str, ...], permission_ids: Sequence[str]
) -> dict[str, PermissionRow]:
    """Return those of these permissions that the groups may request."""
    where = _among(visible_permissions(groups), "p.permission_id", permission_ids)
    found = rows.select(
        f"SELECT {PERMISSION_COLUMNS} FROM {PERMISSIONS} WHERE {where}", where.params
    )
    return {str(row[0]): permission_row(row) for row in found}


def listed_apps(
    rows: Rows,
    groups: tuple[str, ...],
    *,
    category: str | None = None,
    named: str | None = None,
    beginning: str | None = None,
    without: Sequence[str] = (),
    page: int = 1,
    size: int = 20,
) -> Page[AppRow]:
    """Return a page of the apps by name: of a category alone, or with just this name, or one that begins
    so."""
    where = _seen_apps(rows, groups, without)
    if category is not None:
        where = where.and_("a.category_key LIKE ?", f"%|{whole(category)}|%")
    if named is not None:
        where = where.and_("a.name_key = ?", whole(named))
    if beginning is not None:
        where = where.and_("a.name_key LIKE ?", f"{whole(beginning)}%")
    source = "app a, search_document d"
    total = number(rows.select(f"SELECT COUNT(*) FROM {source} WHERE {where}", where.params)[0][0])
    found = rows.select(
        f"SELECT {APP_COLUMNS} FROM {source} WHERE {where} "
        "ORDER BY a.name_key, a.app_id LIMIT ? OFFSET ?",
        (*where.params, size, (page - 1) * size),
    )
    return Page(tuple(map(app_row, found)), total, page, size)


def listed_permissions(
    rows: Rows,
    groups: tuple[str, ...],
    *,
    app_id: str | None = None,
    named: str | None = None,
    without: Sequence[str] = (),
    page: int = 1,
    size: int = 20,
) -> Page[PermissionRow]:
    """Return a page of the permissions by label, those of one app or with just this label alone."""
    where = _seen_permissions(rows, groups, without)
    if app_id is not None:
        where = where.and_("p.app_id = ?", app_id)
    if named is not None:
        where = where.and_("p.name_key = ?", whole(named))
    source = "permission p, app a, search_document d"
    where = where.and_("a.app_id = p.app_id")
    if app_id is not None and named is None and not without:
        total = permission_counts(rows, groups, (app_id,)).get(app_id, 0)
    else:
        counted = f"SELECT COUNT(*) FROM {source} WHERE {where}"
        total = number(rows.select(counted, where.params)[0][0])
    found = rows.select(
        f"SELECT {PERMISSION_COLUMNS} FROM {source} WHERE {where} "
        "ORDER BY p.app_id, p.name_key, p.permission_id LIMIT ? OFFSET ?",
        (*where.params, size, (page - 1) * size),
    )
    return Page(tuple(map(permission_row, found)), total, page, size)


def permission_counts(
    rows: Rows, groups: tuple[str, ...], app_ids: Sequence[str]
) -> dict[str, int]:
    """Return how many permissions of each app these groups may request; nothing of an app of which
    they may request none."""
    return counts_seen(rows, audiences_of(rows, groups), app_ids) if app_ids else {}


def counts_seen(rows: Rows, seen: Sequence[int], app_ids: Sequence[str]) -> dict[str, int]:
    """Return the same for those who are in these audiences of the index."""
    if not app_ids:
        return {}
    audiences = ", ".join(map(str, seen))
    found = rows.select(
        "SELECT app_id, SUM(permissions) FROM search_tally WHERE generation = ? "
        f"AND app_id IN ({', '.join('?' * len(app_ids))}) AND audience IN ({audiences}) "
        "GROUP BY app_id",
        (live_generation(rows), *app_ids),
    )
    return {str(app_id): int(str(count)) for app_id, count in found}


def categories(rows: Rows, groups: tuple[str, ...]) -> tuple[str, ...]:
    """Return the categories of the apps that these groups may request, by name."""
    where = _seen_apps(rows, groups)
    found = rows.select(
        f"SELECT DISTINCT a.categories_json FROM app a, search_document d WHERE {where}",
        where.params,
    )
    named = {category for (text,) in found for category in text_list(text)}
    return tuple(sorted(named, key=str.casefold))


def _among(where: Where, column: str, keys: Sequence[str]) -> Where:
    if not keys:
        return where.and_("1 = 0")
    return where.and_(f"{column} IN ({', '.join('?' * len(keys))})", *keys)


def _seen_apps(rows: Rows, groups: tuple[str, ...], without: Sequence[str] = ()) -> Where:
    """Let through the apps (``a``) that may be shown: for their own sake, or a permission's."""
    seen = ", ".join(map(str, audiences_of(rows, groups)))
    of_permissions = (
        "EXISTS (SELECT 1 FROM search_tally t WHERE t.generation = d.generation "
        f"AND t.app_id = a.app_id AND t.audience IN ({seen}))"
    )
    where = _indexed(rows, Collection.APP, "a.app_id", without)
    return where.and_(f"(d.audience IN ({seen}) OR {of_permissions})")


def _seen_permissions(rows: Rows, groups: tuple[str, ...], without: Sequence[str]) -> Where:
    """Let through the permissions (``p``) that may be shown."""
    seen = ", ".join(map(str, audiences_of(rows, groups)))
    where = _indexed(rows, Collection.PERMISSION, "p.permission_id", without)
    return where.and_(f"d.audience IN ({seen})")


def _indexed(rows: Rows, collection: Collection, key: str, without: Sequence[str]) -> Where:
    """Let through what stands in the index (``d``), save what is `without`."""
    params: tuple[Value, ...] = (live_generation(rows), collection)
    where = Where((f"d.generation = ? AND d.collection = ? AND d.item_id = {key}",), params)
    if not without:
        return where
    return where.and_(f"{key} NOT IN ({', '.join('?' * len(without))})", *without)
