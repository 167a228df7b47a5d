"""What has become of each request: one row for each, as its requester and its target see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.access_request import (
    RequestCancelled,
    RequestedPermission,
    RequestSubmitted,
    Status,
)
from domain.envelope import Recorded
from domain.ports import Row, Rows, Value
from domain.values import PermissionId, PersonId, RequestId
from projections.columns import (
    instant,
    json_text,
    json_value,
    maybe_instant,
    maybe_number,
    maybe_text,
    number,
    parse_instant,
)
from projections.pages import Page
from projections.projection import Projection

COLUMNS = (
    "request_id, requester, target, app_id, app_name, permissions_json, status, justification, "
    "access_seconds, starts_at, requested_at, updated_at, expires_at, version, client_id, "
    "client_name, consent_id, via, closed_reason"
)


class Part(StrEnum):
    """Which part in a request a person plays."""

    REQUESTER = "requester"
    TARGET = "target"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request. `access_seconds` None is unlimited; `version` is that of its stream."""

    request_id: RequestId
    requester: PersonId
    target: PersonId
    app_id: str
    app_name: str
    permissions: tuple[RequestedPermission, ...]
    status: Status
    justification: str | None
    access_seconds: int | None
    starts_at: datetime | None
    requested_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    version: int
    client_id: str | None
    client_name: str | None
    consent_id: str | None
    via: str
    closed_reason: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of a person's requests are asked for; None asks for all."""

    part: Part = Part.EITHER
    statuses: tuple[Status, ...] | None = None
    request_id: str | None = None
    app_id: str | None = None
    updated_since: datetime | None = None
    newest_first: bool = True
    page: int = 1
    size: int = 20


def _submitted(rows: Rows, recorded: Recorded, event: RequestSubmitted) -> None:
    envelope = recorded.envelope
    actor = envelope.actor
    at = instant(envelope.recorded_at)
    permissions = [[one.permission_id, one.label, one.version] for one in event.permissions]
    rows.execute(
        f"INSERT INTO access_request ({COLUMNS}) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.request_id,
            event.requester,
            event.target,
            event.app.app_id,
            event.app.name,
            json_text(permissions),
            Status.PENDING,
            event.justification.text if event.justification else None,
            event.access_seconds,
            maybe_instant(event.starts_at),
            at,
            at,
            None,
            envelope.version,
            actor.client.client_id if actor.client else None,
            actor.client.name if actor.client else None,
            actor.authorization,
            actor.via,
            None,
        ),
    )


def _cancelled(rows: Rows, recorded: Recorded, event: RequestCancelled) -> None:
    rows.execute(
        "UPDATE access_request SET status = ?, closed_reason = ?, updated_at = ?, version = ? "
        "WHERE request_id = ?",
        (
            Status.CANCELLED,
            event.reason.text if event.reason else None,
            instant(recorded.envelope.recorded_at),
            recorded.envelope.version,
            event.request_id,
        ),
    )


PROJECTION = Projection(
    name="access_requests",
    tables=("access_request",),
    schema=(
        "CREATE TABLE IF NOT EXISTS access_request ("
        "request_id TEXT PRIMARY KEY, requester TEXT NOT NULL, target TEXT NOT NULL, "
        "app_id TEXT NOT NULL, app_name TEXT NOT NULL, permissions_json TEXT NOT NULL, "
        "status TEXT NOT NULL, justification TEXT, access_seconds BIGINT, starts_at TEXT, "
        "requested_at TEXT NOT NULL, updated_at TEXT NOT NULL, expires_at TEXT, "
        "version BIGINT NOT NULL, client_id TEXT, client_name TEXT, consent_id TEXT, "
        "via TEXT NOT NULL, closed_reason TEXT)",
        "CREATE INDEX IF NOT EXISTS access_request_by_requester "
        "ON access_request (requester, requested_at)",
        "CREATE INDEX IF NOT EXISTS access_request_by_target "
        "ON access_request (target, requested_at)",
    ),
    handlers={RequestSubmitted: _submitted, RequestCancelled: _cancelled},
)


def requests_of(rows: Rows, person: PersonId, wanted: Wanted) -> Page[RequestRow]:
    """Return a page of the requests in which this person has a part, and of no others."""
    where, params = _conditions(person, wanted)
    total = number(rows.select(f"SELECT COUNT(*) FROM access_request {where}", params)[0][0])
    order = "DESC" if wanted.newest_first else "ASC"
    found = rows.select(
        f"SELECT {COLUMNS} FROM access_request {where} "
        f"ORDER BY requested_at {order}, request_id {order} LIMIT ? OFFSET ?",
        (*params, wanted.size, (wanted.page - 1) * wanted.size),
    )
    return Page(tuple(_row(row) for row in found), total, wanted.page, wanted.size)


def request_of(rows: Rows, person: PersonId, request_id: str) -> RequestRow | None:
    """Return one request if this person has a part in it, else None."""
    items = requests_of(rows, person, Wanted(request_id=request_id)).items
    return items[0] if items else None


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
    since = maybe_instant(wanted.updated_since)
    for condition, value in (
        ("request_id = ?", wanted.request_id),
        ("app_id = ?", wanted.app_id),
        ("updated_at >= ?", since),
    ):
        if value is not None:
            clauses.append(condition)
            params.append(value)
    return "WHERE " + " AND ".join(clauses), params


def held_permissions(rows: Rows, person: PersonId) -> frozenset[str]:
    """Return the ids of apps and permissions that this person holds through requests."""
    found = rows.select(
        "SELECT app_id, permissions_json FROM access_request "
        "WHERE target = ? AND status IN (?, ?)",
        (person, Status.PROVISIONED, Status.COMPLETED),
    )
    held: set[str] = set()
    for app_id, permissions in found:
        items = _permissions(permissions)
        held.update((one.permission_id for one in items) if items else (str(app_id),))
    return frozenset(held)


def _permissions(text: Value) -> tuple[RequestedPermission, ...]:
    listed = json_value(text)
    items = listed if isinstance(listed, list) else []
    return tuple(RequestedPermission(PermissionId(i), label, v) for i, label, v in items)


def _row(row: Row) -> RequestRow:
    starts_at, requested_at, updated_at, expires_at = (
        None if text is None else parse_instant(text) for text in row[9:13]
    )
    return RequestRow(
        RequestId(str(row[0])),
        PersonId(str(row[1])),
        PersonId(str(row[2])),
        str(row[3]),
        str(row[4]),
        _permissions(row[5]),
        Status(str(row[6])),
        maybe_text(row[7]),
        maybe_number(row[8]),
        starts_at,
        requested_at or parse_instant(row[10]),
        updated_at or parse_instant(row[11]),
        expires_at,
        number(row[13]),
        maybe_text(row[14]),
        maybe_text(row[15]),
        maybe_text(row[16]),
        str(row[17]),
        maybe_text(row[18]),
    )
