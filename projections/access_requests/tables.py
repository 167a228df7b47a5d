"""The two tables of requests and their items, and their rows. A row is a `Struct`, since lists make them by
the dozen: a frozen dataclass with as many fields takes ten times as long to make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from domain.access_request import RequestedPermission, Status
from domain.ports import Row, Value
from domain.values import PermissionId, PersonId, RequestId
from projections.columns import (
    maybe_number,
    maybe_text,
    number,
    parse_instant,
    text_list,
)

_permission_decoder = msgspec.json.Decoder(list[tuple[str, str, int]])
_answer_decoder = msgspec.json.Decoder(list[tuple[str, str, str]])

COLUMNS = (
    "request_id, requester, target, app_id, app_name, permissions_json, status, justification, "
    "access_seconds, starts_at, requested_at, updated_at, expires_at, answers_json, extends, "
    "emergency, policy_id, policy_version, closed_reason, version, client_id, client_name, "
    "consent_id, via"
)
ITEM_COLUMNS = (
    "request_id, item_id, label, status, access_seconds, expires_at, stage_name, waiting_json, "
    "attempt, handed_over"
)
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS access_request ("
    "request_id TEXT PRIMARY KEY, requester TEXT NOT NULL, target TEXT NOT NULL, "
    "app_id TEXT NOT NULL, app_name TEXT NOT NULL, permissions_json TEXT NOT NULL, "
    "status TEXT NOT NULL, justification TEXT, access_seconds BIGINT, starts_at TEXT, "
    "requested_at TEXT NOT NULL, updated_at TEXT NOT NULL, expires_at TEXT, "
    "version BIGINT NOT NULL, client_id TEXT, client_name TEXT, consent_id TEXT, "
    "via TEXT NOT NULL, closed_reason TEXT, closed_reason_of TEXT, answers_json TEXT NOT NULL, extends TEXT, "
    "emergency BIGINT NOT NULL, policy_id TEXT NOT NULL, policy_version BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS access_request_by_extended ON access_request (extends) "
    "WHERE extends IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS access_request_by_time ON access_request (requested_at, request_id)",
    "CREATE INDEX IF NOT EXISTS access_request_by_status "
    "ON access_request (status, requested_at, request_id)",
    "CREATE INDEX IF NOT EXISTS access_request_by_app "
    "ON access_request (app_id, requested_at, request_id)",
    "CREATE TABLE IF NOT EXISTS access_request_part ("
    "person TEXT NOT NULL, requested_at TEXT NOT NULL, request_id TEXT NOT NULL, "
    "requests BIGINT NOT NULL, receives BIGINT NOT NULL, app_id TEXT NOT NULL, "
    "status TEXT NOT NULL, "
    "PRIMARY KEY (person, requested_at, request_id))",
    "CREATE TABLE IF NOT EXISTS access_request_item ("
    "request_id TEXT NOT NULL, item_id TEXT NOT NULL, place BIGINT NOT NULL, label TEXT NOT NULL, "
    "status TEXT NOT NULL, access_seconds BIGINT, expires_at TEXT, stage_name TEXT NOT NULL, "
    "waiting_json TEXT NOT NULL, attempt BIGINT NOT NULL, handed_over BIGINT NOT NULL, "
    "PRIMARY KEY (request_id, item_id))",
)


class Part(StrEnum):
    """Which part in a request a person plays."""

    REQUESTER = "requester"
    TARGET = "target"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of a person's requests are asked for; None asks for all."""

    part: Part = Part.EITHER
    statuses: tuple[Status, ...] | None = None
    request_id: str | None = None
    app_id: str | None = None
    updated_since: datetime | None = None
    requested_until: datetime | None = None
    newest_first: bool = True
    page: int = 1
    size: int = 20


@dataclass(frozen=True, slots=True)
class Sought:
    """Which of all requests are asked for; None asks for all. `person` made it or is its target."""

    status: Status | None = None
    person: PersonId | None = None
    app_id: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to one field of the request form."""

    field_id: str
    prompt: str
    response: str


class ItemRow(msgspec.Struct, frozen=True):
    """One item. `waiting_for` are the ids of the people, and the names of the integrations
    (``integration NAME``), that have to do something now; `stage_name` is that of the stage it
    stands at; `attempt` counts tries to grant or remove, `handed_over` says that an integration
    failed and people took over."""

    request_id: RequestId
    item_id: str
    label: str
    status: Status
    access_seconds: int | None
    expires_at: datetime | None
    stage_name: str
    waiting_for: tuple[str, ...]
    attempt: int
    handed_over: bool


class RequestRow(msgspec.Struct, frozen=True):
    """One request. `access_seconds` None is unlimited; `version` is that of its stream; `expires_at`
    is when the first of its held items ends."""

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
    answers: tuple[Answered, ...]
    extends: RequestId | None
    emergency: bool
    policy_id: str
    policy_version: int

    @property
    def what(self) -> str:
        """What is asked for, in words."""
        return ", ".join(one.label for one in self.permissions) or self.app_name


_statuses = {str(one): one for one in Status}


def request_row(row: Row) -> RequestRow:
    """Return the request that `COLUMNS` hold."""
    return RequestRow(
        request_id=RequestId(str(row[0])),
        requester=PersonId(str(row[1])),
        target=PersonId(str(row[2])),
        app_id=str(row[3]),
        app_name=str(row[4]),
        permissions=_permissions(row[5]),
        status=_statuses[str(row[6])],
        justification=maybe_text(row[7]),
        access_seconds=maybe_number(row[8]),
        starts_at=_moment(row[9]),
        requested_at=parse_instant(row[10]),
        updated_at=parse_instant(row[11]),
        expires_at=_moment(row[12]),
        answers=_answers(row[13]),
        extends=None if row[14] is None else RequestId(str(row[14])),
        emergency=bool(row[15]),
        policy_id=str(row[16]),
        policy_version=number(row[17]),
        closed_reason=maybe_text(row[18]),
        version=number(row[19]),
        client_id=maybe_text(row[20]),
        client_name=maybe_text(row[21]),
        consent_id=maybe_text(row[22]),
        via=str(row[23]),
    )


def item_row(row: Row) -> ItemRow:
    """Return the item that `ITEM_COLUMNS` hold."""
    return ItemRow(
        request_id=RequestId(str(row[0])),
        item_id=str(row[1]),
        label=str(row[2]),
        status=_statuses[str(row[3])],
        access_seconds=maybe_number(row[4]),
        expires_at=_moment(row[5]),
        stage_name=str(row[6]),
        waiting_for=text_list(row[7]),
        attempt=number(row[8]),
        handed_over=bool(row[9]),
    )


def _permissions(text: Value) -> tuple[RequestedPermission, ...]:
    if text == "[]":
        return ()
    return tuple(
        RequestedPermission(PermissionId(permission_id), label, version)
        for permission_id, label, version in _permission_decoder.decode(str(text))
    )


def _answers(text: Value) -> tuple[Answered, ...]:
    return (
        () if text == "[]" else tuple(Answered(*one) for one in _answer_decoder.decode(str(text)))
    )


def _moment(text: Value) -> datetime | None:
    return None if text is None else parse_instant(text)
