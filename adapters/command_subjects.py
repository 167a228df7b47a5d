"""Subjects of commands, read strictly: ``doorward.<tenant>.cmd.<kind>.<principal>.<app>.<request>``
in the command stream, ``doorward.<tenant>.api.<principal>.<kind>`` for requests that are answered at
once. The principal is believed because the NATS server lets an integration publish under its own
token only; so a subject of any other form, and a message that the server itself was made to write
there, is `Poison`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from adapters.cloud_events import TRACE_FIELD, subject_token
from adapters.nats_client import DAMAGED_HEADER
from domain.ports import InboundCommand, Poison
from domain.trace_context import Traceparent, traceparent
from domain.values import Via

KINDS = ("decide", "fulfil")
BODY_LIMIT = 64 * 1024
_KIND = "|".join(KINDS)
_TOKEN = "[A-Za-z0-9_-]{1,64}"  # noqa: S105 - a token of a subject
_STREAM_TAIL = re.compile(rf"cmd\.({_KIND})\.({_TOKEN})\.({_TOKEN})\.({_TOKEN})")
_API_TAIL = re.compile(rf"api\.({_TOKEN})\.({_KIND})")
_PUBLISHERS_HEADERS = frozenset(
    {
        "nats-msg-id",
        "nats-ttl",
        "nats-expected-stream",
        "nats-expected-last-msg-id",
        "nats-expected-last-sequence",
        "nats-expected-last-subject-sequence",
    }
)
"""What whoever publishes to a stream may ask of it. The server writes others of this family into what
it answers (`Nats-Stream`, `Nats-Subject`), and an answer can be misdirected to any subject."""
_REQUESTERS_HEADERS = _PUBLISHERS_HEADERS | {"nats-request-info"}
"""The server tells who asks from another account; believed is the subject alone."""


def from_stream(
    tenant: str, subject: str, headers: Mapping[str, str] | None, body: bytes
) -> InboundCommand:
    """Return the command that a message of the command stream is; raises `Poison`."""
    found = _STREAM_TAIL.fullmatch(_tail(tenant, subject))
    if found is None:
        raise Poison("the subject is not that of a command")
    _check(headers, body, _PUBLISHERS_HEADERS)
    kind, principal, app, request_id = found.groups()
    trace = _trace(headers)
    return InboundCommand(Via.NATS, principal, kind, app, request_id, body, trace)


def from_request(
    tenant: str, subject: str, headers: Mapping[str, str] | None, body: bytes
) -> InboundCommand:
    """Return the command that a request is; its body alone names the access request. Raises
    `Poison`."""
    found = _API_TAIL.fullmatch(_tail(tenant, subject))
    if found is None:
        raise Poison("the subject is not that of a request")
    _check(headers, body, _REQUESTERS_HEADERS)
    principal, kind = found.groups()
    return InboundCommand(Via.NATS, principal, kind, "", "", body, _trace(headers))


def outcome_subject(tenant: str, principal: str, command_id: str) -> str:
    """Return where the outcome of a command is published."""
    return f"doorward.{tenant}.out.{principal}.{subject_token(command_id)}"


def dead_letter_subject(tenant: str, stream: str, consumer: str) -> str:
    """Return where the messages go that this consumer cannot take."""
    return f"doorward.{tenant}.dlq.{subject_token(stream)}.{subject_token(consumer)}"


def _tail(tenant: str, subject: str) -> str:
    return subject.removeprefix(f"doorward.{tenant}.")


def _trace(headers: Mapping[str, str] | None) -> Traceparent | None:
    return traceparent((headers or {}).get(TRACE_FIELD))


def _check(headers: Mapping[str, str] | None, body: bytes, allowed: frozenset[str]) -> None:
    if len(body) > BODY_LIMIT:
        raise Poison(f"the body has more than {BODY_LIMIT} bytes")
    for name in headers or {}:
        lower = name.lower()
        if lower.startswith("nats-") and lower not in allowed:
            raise Poison(f"the header {name} is not a sender's to write")
        if lower in {"status", DAMAGED_HEADER.lower()}:
            raise Poison("the headers are not those of a command")
