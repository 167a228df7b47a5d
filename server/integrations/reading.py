"""The body of an integration's command: JSON, plain, as a CloudEvents 1.0 envelope, or signed as a whole
(`{"jws": ...}`). What cannot be read is poison; what can be read is answered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from domain.access_request import Action, Result, Verdict
from domain.errors import Refused
from domain.ports import InboundCommand, Poison
from domain.values import identifier
from server.idempotency import fingerprint
from server.integrations.signatures import BadSignature, payload_unverified

DECIDE, FULFIL = "decide", "fulfil"
ID_LIMIT = 100


class Decision(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A decision as an integration sends it; `decided_by` is a user name, a person's id or an e-mail
    address."""

    decision_id: str
    request_id: str
    decision: Verdict
    decided_by: str | None = None
    items: list[str] | None = None
    deny_rest: bool = False
    access_seconds: int | None = None
    reason: str | None = None
    step: str | None = None
    expected_version: int | None = None
    expires_at: datetime | None = None
    user_token: str | None = None


class Report(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A report of how granting or removing went, as an integration sends it."""

    report_id: str
    request_id: str
    action: Action
    result: Result
    items: list[str] | None = None
    reason: str | None = None
    expected_version: int | None = None


# Learnt while there is one thread: msgspec crashes the process where two meet a new type at once.
for _kind in (Decision, Report):
    msgspec.json.Decoder(_kind)


@dataclass(frozen=True, slots=True)
class Command:
    """A command that was understood: its id, what it says, a digest of all it says, and the signed
    statement it came as, if it did."""

    command_id: str
    content: Decision | Report
    digest: str
    jws: str | None


def read(command: InboundCommand) -> Command:
    """Understand a command; raises `Poison`."""
    document = _object(command.body)
    jws = document.get("jws")
    if jws is not None:
        document = _signed(jws)
    if "specversion" in document:
        document = _event_data(document, command.kind)
    content = _content(document, command.kind)
    if command.request_id not in ("", content.request_id):
        raise Poison("subject and body name different requests")
    command_id = content.decision_id if isinstance(content, Decision) else content.report_id
    _check(content, command_id)
    said = {name: value for name, value in document.items() if name != "user_token"}
    return Command(command_id, content, fingerprint(said), jws if isinstance(jws, str) else None)


def _content(document: dict[str, Any], kind: str) -> Decision | Report:
    try:
        if kind == DECIDE:
            return msgspec.convert(document, Decision)
        return msgspec.convert(document, Report)
    except msgspec.ValidationError as fault:
        raise Poison(f"the body does not fit: {fault}") from None


def _object(body: bytes | str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Poison("the body is not JSON") from None
    if not isinstance(document, dict):
        raise Poison("the body is not a JSON object")
    return document


def _signed(jws: object) -> dict[str, Any]:
    if not isinstance(jws, str):
        raise Poison("jws is not a text")
    try:
        return _object(payload_unverified(jws))
    except BadSignature as fault:
        raise Poison(str(fault)) from None


def _event_data(event: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return a CloudEvent's data; the event's id is the command's where the data names none."""
    data = event.get("data")
    if not isinstance(data, dict):
        raise Poison("the event has no data")
    name = "decision_id" if kind == DECIDE else "report_id"
    return {name: event.get("id"), **data}


def _check(content: Decision | Report, command_id: str) -> None:
    """What names something must be able to; times must say where they are."""
    try:
        identifier("id", command_id, limit=ID_LIMIT)
        identifier("request_id", content.request_id)
        for item in content.items or ():
            identifier("item", item)
    except Refused as refusal:
        raise Poison(refusal.sentence) from None
    if isinstance(content, Decision):
        expires_at = content.expires_at
        if expires_at is not None and expires_at.tzinfo is None:
            raise Poison("expires_at must say its offset from UTC")
