"""What is asked about requests. Each query is for one person and finds only requests in which he has
a part, except those that say so."""

from __future__ import annotations

from collections.abc import Sequence

from domain.access_request import HELD
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


def requests_of(rows: Rows, person: PersonId, wanted: Wanted) -> Page[RequestRow]:
    """Return a page of the requests in which this person has a part, and of no others."""
    where, params = _conditions(person, wanted)
    order = "DESC" if wanted.newest_first else "ASC"
    return _page(rows, where, params, order, wanted.page, wanted.size)


def request_of(rows: Rows, person: PersonId, request_id: str) -> RequestRow | None:
    """Return one request if this person has a part in it, else None."""
    items = requests_of(rows, person, Wanted(request_id=request_id)).items
    return items[0] if items else None


def request_by_id(rows: Rows, request_id: str) -> RequestRow | None:
    """Return one request, whoever asks: the caller sees to it that he may."""
    found = rows.select(
        f"SELECT {COLUMNS} FROM access_request WHERE request_id = ?", (request_id,)
    )
    return request_row(found[0]) if found else None


def all_requests(rows: Rows, sought: Sought, page: int, size: int) -> Page[RequestRow]:
    """Return a page of everybody's requests, the newest first: for those who oversee them."""
    clauses, params = ["1 = 1"], list[Value]()
    for condition, values in (
        ("status = ?", (sought.status,)),
        ("(requester = ? OR target = ?)", (sought.person, sought.person)),
        ("app_id = ?", (sought.app_id,)),
    ):
        if values[0] is not None:
            clauses.append(condition)
            params.extend(values)
    where = "WHERE " + " AND ".join(clauses)
    return _page(rows, where, params, "DESC", page, size)


def _page(
    rows: Rows, where: str, params: Sequence[Value], order: str, page: int, size: int
) -> Page[RequestRow]:
    total = number(rows.select(f"SELECT COUNT(*) FROM access_request {where}", params)[0][0])
    found = rows.select(
        f"SELECT {COLUMNS} FROM access_request {where} "
        f"ORDER BY requested_at {order}, request_id {order} LIMIT ? OFFSET ?",
        (*params, size, (page - 1) * size),
    )
    return Page(tuple(request_row(row) for row in found), total, page, size)


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


def held_items_of(rows: Rows, person: PersonId) -> frozenset[str]:
    """Return the ids of apps and permissions that this person holds through requests."""
    marks = ", ".join("?" * len(HELD))
    found = rows.select(
        "SELECT i.item_id FROM access_request r JOIN access_request_item i "
        "ON i.request_id = r.request_id "
        f"WHERE r.target = ? AND r.extends IS NULL AND i.status IN ({marks})",
        (person, *sorted(HELD)),
    )
    return frozenset(str(row[0]) for row in found)


def _conditions(person: PersonId, wanted: Wanted) -> tuple[str, list[Value]]:
    parts = {
        Part.REQUESTER: ("requester = ?", [person]),
        Part.TARGET: ("target = ?", [person]),
        Part.EITHER: ("(requester = ? OR target = ?)", [person, person]),
    }
    clause, people = parts[wanted.part]
    clauses, params = [clause], list[Value](people)
    if wanted.statuses is not None:
        marks = ", ".join("?" * len(wanted.statuses))
        clauses.append(f"status IN ({marks})" if marks else "1 = 0")
        params.extend(wanted.statuses)
    since, until = maybe_instant(wanted.updated_since), maybe_instant(wanted.requested_until)
    for condition, value in (
        ("request_id = ?", wanted.request_id),
        ("app_id = ?", wanted.app_id),
        ("updated_at >= ?", since),
        ("requested_at <= ?", until),
    ):
        if value is not None:
            clauses.append(condition)
            params.append(value)
    return "WHERE " + " AND ".join(clauses), params
