"""The outcome of a command as a message: CloudEvents 1.0 in structured JSON, on a subject of the
integration that sent the command. It says the same whenever it is made again, and its subject keeps
one message, so that a command answered twice after a crash has one outcome."""

from __future__ import annotations

from dataclasses import asdict

import msgspec

from adapters.cloud_events import Message
from adapters.command_subjects import outcome_subject
from domain.ports import CommandOutcome

ACCEPTED = "doorward.command.accepted.v1"
REJECTED = "doorward.command.rejected.v1"


def outcome_message(outcome: CommandOutcome, tenant: str, principal: str) -> Message:
    """Return the message that tells `principal` what became of its command."""
    body = {
        "specversion": "1.0",
        "id": outcome.command_id,
        "source": f"/doorward/{tenant}/commands/{principal}",
        "type": ACCEPTED if outcome.accepted else REJECTED,
        "subject": outcome.request_id,
        "datacontenttype": "application/json",
        "data": asdict(outcome),
    }
    return Message(
        outcome_subject(tenant, principal, outcome.command_id),
        {"Content-Type": "application/cloudevents+json"},
        msgspec.json.encode(body),
    )


def outcome_json(outcome: CommandOutcome) -> bytes:
    """Return the outcome alone, as a request is answered."""
    return msgspec.json.encode(asdict(outcome))
