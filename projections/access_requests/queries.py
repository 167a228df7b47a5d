"""What is asked about requests. Each query is for one person and finds only requests in which he has
a part, except those that say so."""

from __future__ import annotations

from collections.abc import Sequence

from domain.ports import Rows, Value
from domain.values import PersonId, RequestId
from projections.access_requests.tables import (
    COLUMNS,
    ITEM_COLUMNS,
    ItemRow,
    Part,
    RequestRow,
    Sought,
    Wanted,
    item_row,
    request_row,
)
from projections.columns import maybe_instant, number
from projections.pages import Page

MOST_COUNTED = 1_000
"""The highest total that a page of everybody's requests tells. Nobody turns so many pages, and to count a
million takes longer than to show any of them."""
_COLUMNS = ", ".join(f"r.{name}" for name in COLUMNS.split(", "))
_PARTS = {
    Part.REQUESTER: " AND p.requests = 1",
    Part.TARGET: " AND p.receives = 1",
    Part.EITHER: "",
}


def requests_of(rows: Rows, person: PersonId, wanted: Wanted) -> Page[RequestRow]:
    """Return a page of the requests in which this person has a part, and of no others."""
    order = "DESC" if wanted.newest_first else "ASC"
    own, params = _own(person, wanted)
    since = maybe_instant(wanted.updated_since)
    clauses = [] if since is None else ["r.updated_at >= ?"]
    others = [] if since is None else [since]
    return _page(rows, own, clauses, [*params, *others], order, wanted.page, wanted.size)


def request_of(rows: Rows, person: PersonId, request_id: str) -> RequestRow | None:
    """Return one request if this person has a part in it, else None."""
    found = request_by_id(rows, request_id)
    return found if found is not None and person in (found.requester, found.target) else None


def request_by_id(rows: Rows, request_id: str) -> RequestRow | None:
    """Return one request, whoever asks: the caller sees to it that he may."""
    found = rows.select(
        f"SELECT {COLUMNS} FROM access_request WHERE request_id = ?", (request_id,)
    )
    return request_row(found[0]) if found else None


def all_requests(rows: Rows, sought: Sought, page: int, size: int) -> Page[RequestRow]:
    """Return a page of everybody's requests, the newest first: for those who oversee them."""
    table = "r" if sought.person is None else "p"
    clauses, params = list[str](), list[Value]()
    for condition, value in (
        ("p.person = ?", sought.person),
        (f"{table}.status = ?", sought.status),
        (f"{table}.app_id = ?", sought.app_id),
    ):
        if value is not None:
            clauses.append(condition)
            params.append(value)
    if sought.person is None:
        return _page(rows, "", clauses, params, "DESC", page, size)
    return _page(rows, " AND ".join(clauses), (), params, "DESC", page, size)


def _page(
    rows: Rows,
    own: str,
    clauses: Sequence[str],
    params: Sequence[Value],
    order: str,
    page: int,
    size: int,
) -> Page[RequestRow]:
    """Return a page in the order of time: of somebody's `own` requests, or of all."""
    # The first table of a CROSS JOIN is read first: a person has fewer requests than a status has.
    joined = "access_request_part p CROSS JOIN access_request r"
    table, by = (joined, "p") if own else ("access_request r", "r")
    same = "r.request_id = p.request_id AND r.requested_at = p.requested_at"
    conditions = [own, same, *clauses] if own else [*clauses]
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    counted = f"access_request_part p WHERE {own}" if own and not clauses else f"{table} {where}"
    found = rows.select(
        f"SELECT {_COLUMNS} FROM {table} {where} "
        f"ORDER BY {by}.requested_at {order}, {by}.request_id {order} LIMIT ? OFFSET ?",
        (*params, size, (page - 1) * size),
    )
    total = (page - 1) * size + len(found)
    if len(found) == size or not found:
        # Only the last page tells how many there are.
        counted = counted if own else f"(SELECT 1 FROM {counted} LIMIT {MOST_COUNTED}) one"
        total = number(rows.select(f"SELECT COUNT(*) FROM {counted}", params)[0][0])
    return Page(tuple(map(request_row, found)), total, page, size)


def items_of(rows: Rows, requests: Sequence[RequestId]) -> dict[RequestId, tuple[ItemRow, ...]]:
    """Return the items of these requests, in the order in which they were asked for."""
    if not requests:
        return {}
    marks = ", ".join("?" * len(requests))
    found = rows.select(
        f"SELECT {ITEM_COLUMNS} FROM access_request_item WHERE request_id IN ({marks}) "
        "ORDER BY request_id, place",
        tuple(requests),
    )
    items: dict[RequestId, tuple[ItemRow, ...]] = {}
    for row in map(item_row, found):
        items[row.request_id] = (*items.get(row.request_id, ()), row)
    return items


def _own(person: PersonId, wanted: Wanted) -> tuple[str, list[Value]]:
    """Return which rows of who has a part are meant, and the parameters."""
    clauses, params = [f"p.person = ?{_PARTS[wanted.part]}"], list[Value]([person])
    if wanted.statuses is not None:
        marks = ", ".join("?" * len(wanted.statuses))
        clauses.append(f"p.status IN ({marks})" if marks else "1 = 0")
        params.extend(wanted.statuses)
    for condition, value in (
        ("p.request_id = ?", wanted.request_id),
        ("p.app_id = ?", wanted.app_id),
        ("p.requested_at <= ?", maybe_instant(wanted.requested_until)),
    ):
        if value is not None:
            clauses.append(condition)
            params.append(value)
    return " AND ".join(clauses), params
