"""The whole contract as one AsyncAPI 3 document: which subjects there are, what is sent on each, and who
sends it. Doorward's own side is told: it sends events and outcomes, and receives commands."""

from __future__ import annotations

from importlib import metadata

from server.contract.messages import (
    COMMANDS,
    OUTCOME,
    event_envelope,
    event_topics,
    outcome_envelope,
)
from server.contract.schemas import COMPONENTS, Schema, components

CLOUD_EVENT = "application/cloudevents+json"
STREAMS = {
    "events": "DOORWARD_EVENTS",
    "commands": "DOORWARD_COMMANDS",
    "outcomes": "DOORWARD_OUTCOMES",
}
_PARAMETERS = {
    "app": "The id of the app it is about; `-` where there is none.",
    "id": "The id of what it is about.",
    "name": "The name of the integration.",
    "request_id": "The id of the access request.",
    "command_id": "The id that the command came with.",
}


def document(tenant: str) -> Schema:
    """Return the contract of a tenant's Doorward."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Doorward",
            "version": metadata.version("doorward"),
            "description": "Events of access requests, and the commands that decide on them.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CLOUD_EVENT,
        "channels": {**_event_channels(tenant), **_other_channels(tenant)},
        "operations": _operations(),
        "components": {"messages": _messages(), "schemas": dict(components())},
    }


def _event_channels(tenant: str) -> Schema:
    return {
        topic: _channel(
            f"doorward.{tenant}.evt.{topic}.{{app}}.{{id}}",
            topic,
            f"Kept in the stream {STREAMS['events']}.",
        )
        for topic in event_topics()
    }


def _other_channels(tenant: str) -> Schema:
    stream = f"Kept in the stream {STREAMS['commands']}."
    commands = {
        kind: _channel(
            f"doorward.{tenant}.cmd.{kind}.{{name}}.{{app}}.{{request_id}}", kind, stream
        )
        for kind in COMMANDS
    }
    told = f"Kept in the stream {STREAMS['outcomes']}, one message a command."
    answer = _channel(f"doorward.{tenant}.out.{{name}}.{{command_id}}", OUTCOME, told)
    return {**commands, OUTCOME: answer}


def _channel(address: str, message: str, description: str) -> Schema:
    return {
        "address": address,
        "description": description,
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "parameters": {
            name: {"description": words}
            for name, words in _PARAMETERS.items()
            if f"{{{name}}}" in address
        },
    }


def _operations() -> Schema:
    sent = {one: _operation("send", one) for one in (*event_topics(), OUTCOME)}
    return {**sent, **{kind: _operation("receive", kind) for kind in COMMANDS}}


def _operation(action: str, channel: str) -> Schema:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{channel}"}],
    }


def _messages() -> Schema:
    events = {
        topic: _message(topic, CLOUD_EVENT, event_envelope(topic)) for topic in event_topics()
    }
    commands = {
        kind: _message(kind, "application/json", {"$ref": COMPONENTS + name})
        for kind, name in COMMANDS.items()
    }
    return {**events, **commands, OUTCOME: _message(OUTCOME, CLOUD_EVENT, outcome_envelope())}


def _message(name: str, content_type: str, payload: Schema) -> Schema:
    return {"name": name, "contentType": content_type, "payload": payload}
