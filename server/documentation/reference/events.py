"""The event contract: every event with its subject, its schema's file and an example, which is the stored sample of
its newest version as subscribers get it. The schemas are those of `server.contract`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from domain.events import EVENT_TYPES
from domain.published import stays_at_home
from server.contract import COMMANDS, OUTCOME, event_topics
from server.contract.messages import event_type
from server.contract.schemas import components
from server.documentation.including import ROOT
from server.documentation.markdown import code, folded, json_block, table

SAMPLES = ROOT / "tests" / "samples"
CONTRACT = "contract"
"""The folder of the site that holds the schemas."""


def events() -> str:
    """Return all events, by the aggregate that they are of."""
    parts = []
    for aggregate, topics in groupby(event_topics(), key=lambda one: one.split(".")[0]):
        parts.append(f"### {aggregate}\n\n" + "\n\n".join(_event(topic) for topic in topics))
    return "\n\n".join(parts)


def command_messages() -> str:
    """Return the messages that integrations send, and the one that answers them."""
    known = components()
    parts = []
    for kind, name in COMMANDS.items():
        schema = known[name]
        needed = schema.get("required", [])
        rows = [(code(field), "yes" if field in needed else "") for field in schema["properties"]]
        text = f"### {kind}\n\n{schema['description']} {_schema_link(kind)}"
        parts.append(f"{text}\n\n{table(('field', 'needed'), rows)}")
    rows = [(code(field), "") for field in known["CommandOutcome"]["properties"]]
    text = f"### {OUTCOME}\n\n{known['CommandOutcome']['description']} {_schema_link(OUTCOME)}"
    return "\n\n".join((*parts, f"{text}\n\n{table(('field', ''), rows)}"))


def example(topic: str) -> dict[str, Any]:
    """Return an event's message, made of its stored sample."""
    kind = EVENT_TYPES[topic]
    file = SAMPLES / f"{topic}.{kind.SCHEMA}.json"
    stored: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    fields = {name: value for name, value in stored["event"].items() if not stays_at_home(name)}
    return {
        "specversion": "1.0",
        "id": stored["id"],
        "source": "/doorward/main",
        "type": event_type(topic),
        "subject": "r-1" if topic.startswith("access_request.") else "1",
        "time": stored["at"],
        "datacontenttype": "application/json",
        "sequence": f"{1:020d}",
        "aggversion": 1,
        "correlationid": stored["correlation"],
        **({"causationid": stored["causation"]} if stored["causation"] else {}),
        **({"traceparent": stored["trace"]} if "trace" in stored else {}),
        "data": {**fields, "actor": stored["actor"]},
    }


def _event(topic: str) -> str:
    kind = EVENT_TYPES[topic]
    words = " ".join((kind.__doc__ or "").split())
    address = f"doorward.<tenant>.evt.{topic}.<app>.<id>"
    shown = folded("An example", json_block(example(topic), f"message {topic}"))
    return (
        f"#### {topic}\n\n{words}\n\nSubject {code(address)}, type {code(event_type(topic))}. "
        f"{_schema_link(topic)}\n\n{shown}"
    )


def _schema_link(name: str) -> str:
    return f"[JSON Schema]({CONTRACT}/{name}.json)"
