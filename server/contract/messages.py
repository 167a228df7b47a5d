"""The messages: a CloudEvents 1.0 envelope around an event's data or a command's outcome, and commands, which
may come plain. Each has a JSON Schema that stands alone."""

from __future__ import annotations

from collections.abc import Sequence

from domain.events import EVENT_TYPES
from domain.ports import CommandOutcome
from server.contract.schemas import ACTOR, COMPONENTS, Schema, standing_alone
from server.integrations.reading import DECIDE, FULFIL, Decision, Report

VERSION = "v1"
"""Of the messages, not of the stored events."""
COMMANDS = {DECIDE: Decision.__name__, FULFIL: Report.__name__}
OUTCOME = "outcome"
OUTCOME_TYPES = ("doorward.command.accepted.v1", "doorward.command.rejected.v1")
_TEXT: Schema = {"type": "string"}


def event_topics() -> Sequence[str]:
    """Return the topic of every event, sorted."""
    return sorted(EVENT_TYPES)


def message_names() -> Sequence[str]:
    """Return the name of every message: topics of events, `decide`, `fulfil` and `outcome`."""
    return [*event_topics(), *COMMANDS, OUTCOME]


def event_type(topic: str) -> str:
    """Return the `type` of an event's messages."""
    return f"doorward.{topic}.{VERSION}"


def event_envelope(topic: str) -> Schema:
    """Return the schema of an event's message, with references to the components."""
    data = {"$ref": COMPONENTS + EVENT_TYPES[topic].__name__}
    with_actor = {
        "type": "object",
        "properties": {"actor": {"$ref": COMPONENTS + ACTOR}},
        "required": ["actor"],
    }
    return _envelope(
        [event_type(topic)],
        {"allOf": [data, with_actor]},
        time={**_TEXT, "format": "date-time"},
        sequence={**_TEXT, "pattern": "^[0-9]{20}$", "description": "Its position in the log."},
        aggversion={"type": "integer", "description": "The version of its stream."},
        correlationid=_TEXT,
    ) | {"title": event_type(topic)}


def outcome_envelope() -> Schema:
    """Return the schema of the message that tells what became of a command."""
    data = {"$ref": COMPONENTS + CommandOutcome.__name__}
    return {**_envelope(OUTCOME_TYPES, data), "title": "doorward.command.outcome"}


def message_schema(name: str) -> Schema:
    """Return the schema of a message by its name; it stands alone."""
    if name in COMMANDS:
        return standing_alone({"$ref": COMPONENTS + COMMANDS[name]})
    if name == OUTCOME:
        return standing_alone(outcome_envelope())
    return standing_alone(event_envelope(name))


def _envelope(types: Sequence[str], data: Schema, **further: Schema) -> Schema:
    fields: Schema = {
        "specversion": {"const": "1.0"},
        "id": {**_TEXT, "description": "The same whenever the message comes again."},
        "source": _TEXT,
        "type": {"enum": list(types)},
        "subject": {**_TEXT, "description": "The id of what it is about."},
        **further,
        "datacontenttype": {"const": "application/json"},
        "data": data,
    }
    optional: Schema = {"causationid": _TEXT, "traceparent": _TEXT} if further else {}
    return {"type": "object", "properties": {**fields, **optional}, "required": list(fields)}
