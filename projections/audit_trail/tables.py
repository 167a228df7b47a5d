"""The tables of the audit trail, and what each event adds to them. Every event is one row; indexes are by
what auditors look for and then by position, and leave out the rows that have nothing there."""

from __future__ import annotations

from typing import Any

from domain.access_request import (
    RequestApproved,
    RequestCancelled,
    RequestDenied,
    RequestExpired,
    RequestSubmitted,
)
from domain.envelope import Recorded
from domain.events import EVENT_TYPES
from domain.ports import Rows
from projections.audit_trail.named import app_of, people_in, request_of
from projections.columns import instant
from projections.projection import Handler, Projection

WAITING, APPROVED, DENIED, LAPSED, WITHDRAWN = (
    "waiting",
    "approved",
    "denied",
    "lapsed",
    "withdrawn",
)
"""What has become of a request: the best that was decided on any of its items."""

COLUMNS = (
    "position, at, topic, stream, actor, service, via, client_id, client_name, app_id, request_id"
)
_EVENT = f"INSERT INTO audit_event ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PERSON = "INSERT INTO audit_person (person_id, position) VALUES (?, ?)"


def _recorded(rows: Rows, recorded: Recorded, event: Any) -> None:
    envelope, position = recorded.envelope, recorded.position
    actor = envelope.actor
    client = actor.client
    rows.execute_many(
        _EVENT,
        [
            (
                position,
                instant(envelope.recorded_at),
                event.TOPIC,
                envelope.stream,
                actor.subject,
                actor.service,
                actor.via,
                client.client_id if client else None,
                client.name if client else None,
                app_of(event),
                request_of(event),
            )
        ],
    )
    people = people_in(event)
    if people:
        rows.execute_many(_PERSON, [(person, position) for person in people])


def _second(recorded: Recorded) -> int:
    return int(recorded.envelope.recorded_at.timestamp())


def _submitted(rows: Rows, recorded: Recorded, event: RequestSubmitted) -> None:
    _recorded(rows, recorded, event)
    rows.execute_many(
        "INSERT INTO audit_request (request_id, app_id, asked, state) VALUES (?, ?, ?, ?)",
        [(event.request_id, event.app.app_id, _second(recorded), WAITING)],
    )


def _approved(rows: Rows, recorded: Recorded, event: RequestApproved) -> None:
    """Where a rule approves, nobody was asked, and nobody took any time."""
    _recorded(rows, recorded, event)
    if event.approved_by is None:
        rows.execute_many(
            "UPDATE audit_request SET state = ?, decided = ? WHERE request_id = ?",
            [(APPROVED, _second(recorded), event.request_id)],
        )
    else:
        rows.execute_many(
            "UPDATE audit_request SET state = ? WHERE request_id = ?",
            [(APPROVED, event.request_id)],
        )


def _denied(rows: Rows, recorded: Recorded, event: RequestDenied) -> None:
    _recorded(rows, recorded, event)
    rows.execute_many(
        "UPDATE audit_request SET state = CASE state WHEN ? THEN state ELSE ? END, decided = ? "
        "WHERE request_id = ?",
        [(APPROVED, DENIED, _second(recorded), event.request_id)],
    )


def _left(rows: Rows, recorded: Recorded, event: RequestExpired | RequestCancelled) -> None:
    _recorded(rows, recorded, event)
    state = LAPSED if isinstance(event, RequestExpired) else WITHDRAWN
    rows.execute_many(
        "UPDATE audit_request SET state = ? WHERE request_id = ? AND state = ?",
        [(state, event.request_id, WAITING)],
    )


_EVERY: dict[type, Handler] = dict.fromkeys(EVENT_TYPES.values(), _recorded)
PROJECTION = Projection(
    name="audit_trail",
    keyed=True,
    tables=("audit_event", "audit_person", "audit_request"),
    schema=(
        "CREATE TABLE IF NOT EXISTS audit_event ("
        "position BIGINT PRIMARY KEY, at TEXT NOT NULL, topic TEXT NOT NULL, stream TEXT NOT NULL, "
        "actor TEXT, service TEXT, via TEXT NOT NULL, client_id TEXT, client_name TEXT, "
        "app_id TEXT, request_id TEXT)",
        "CREATE INDEX IF NOT EXISTS audit_event_by_topic ON audit_event (topic, position)",
        *(
            f"CREATE INDEX IF NOT EXISTS audit_event_by_{column} ON audit_event "
            f"({column}, position) WHERE {column} IS NOT NULL"
            for column in ("actor", "service", "client_id", "client_name", "app_id")
        ),
        "CREATE TABLE IF NOT EXISTS audit_person ("
        "person_id TEXT NOT NULL, position BIGINT NOT NULL, PRIMARY KEY (person_id, position))",
        "CREATE TABLE IF NOT EXISTS audit_request ("
        "request_id TEXT PRIMARY KEY, app_id TEXT NOT NULL, asked BIGINT NOT NULL, "
        "state TEXT NOT NULL, decided BIGINT)",
        "CREATE INDEX IF NOT EXISTS audit_request_by_asked ON audit_request (asked, state)",
        "CREATE INDEX IF NOT EXISTS audit_request_by_app ON audit_request (app_id, asked, state)",
        "CREATE INDEX IF NOT EXISTS audit_request_by_decided "
        "ON audit_request (decided, asked) WHERE decided IS NOT NULL",
        "CREATE INDEX IF NOT EXISTS audit_request_by_app_decided "
        "ON audit_request (app_id, decided, asked) WHERE decided IS NOT NULL",
    ),
    handlers={
        **_EVERY,
        RequestSubmitted: _submitted,
        RequestApproved: _approved,
        RequestDenied: _denied,
        RequestExpired: _left,
        RequestCancelled: _left,
    },
)
