"""Asking the person for what is missing, through his client: the multi round-trip of MCP 2026-07-28
(a result ``input_required``, then the same call again with the answers). A client that cannot do it, or is
of an earlier era, gets the same as a plain structured answer and asks in its own way. Nothing is
kept in between, so that no state has to travel: answers are checked as arguments are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.trace_context import Traceparent
from server.mcp.answers import Answer, Json
from server.mcp.arguments import BadArguments
from server.mcp.forms import JUSTIFICATION
from server.mcp.protocol.messages import Elicited

QUESTION = "missing_fields"
TRACE_META = "traceparent"
"""Where a request says in its `_meta` of which trace it is part (SEP-414)."""
MESSAGE = "This access request needs a little more before it can be submitted."
_KNOWN = ("type", "title", "description", "enum", "minLength", "maxLength", "minimum", "maximum")
"""Of JSON Schema, what a form of MCP may hold."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool's call. `forms` says that the client shows forms, `modern` which era the call is of, `traceparent`
    of which trace it is, `responses` what the person has done with forms, by their names."""

    name: str
    arguments: Mapping[str, Any] | None = None
    forms: bool = False
    modern: bool = False
    traceparent: Traceparent | None = None
    responses: Mapping[str, Elicited] = field(default_factory=dict)

    @property
    def answered(self) -> Elicited | None:
        """What he has done with the form that asked for what was missing; None if he was shown none."""
        return self.responses.get(QUESTION)

    @property
    def can_ask(self) -> bool:
        """Say whether the client shows forms, and has not just been told no in one."""
        return self.forms and (self.answered is None or self.answered.action == "accept")


def question(answer: Answer) -> Json | None:
    """Return the form that asks for what an answer says is missing, if it says so and meant it."""
    if answer.fields.get("outcome") != "needs_input" or answer.fields.get("dry_run"):
        return None
    missing: Any = answer.fields["missing_fields"]
    properties = {
        name: {key: value for key, value in one.items() if key in _KNOWN}
        for name, one in missing["properties"].items()
    }
    schema = {"type": "object", "properties": properties, "required": missing["required"]}
    params = {"mode": "form", "message": MESSAGE, "requestedSchema": schema}
    return {QUESTION: {"method": "elicitation/create", "params": params}}


def with_answers(call: Call) -> Mapping[str, Any] | None:
    """Return the arguments with what the person has answered; raises `BadArguments`."""
    content = call.answered.content if call.answered and call.answered.action == "accept" else None
    if not content:
        return call.arguments
    merged = dict(call.arguments or {})
    fields = {name: _text(name, value) for name, value in content.items() if value is not None}
    justification = fields.pop(JUSTIFICATION, None)
    if justification is not None:
        merged[JUSTIFICATION] = justification
    kept = merged.get("custom_fields", [])
    if not isinstance(kept, list):
        return merged
    answers = [{"id": name, "response": text} for name, text in fields.items()]
    merged["custom_fields"] = [*kept, *answers]
    return merged


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    raise BadArguments(f"{QUESTION}: {name[:60]!r} must be a text, a number, or true or false.")
