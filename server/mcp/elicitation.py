"""Asking the person for what is missing, through his client: the multi round-trip of MCP 2026-07-28
(a result ``input_required``, then the same call again with the answers). A client that cannot do it, or is
of an earlier era, gets the same as a plain structured answer and asks in its own way. Nothing is
kept in between, so that no state has to travel: answers are checked as arguments are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.types import (
    CallToolRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
)

from server.mcp.answers import Answer
from server.mcp.arguments import BadArguments
from server.mcp.forms import JUSTIFICATION

QUESTION = "missing_fields"
FIRST_ERA = "2026-07-28"
MESSAGE = "This access request needs a little more before it can be submitted."
_KNOWN = ("type", "title", "description", "enum", "minLength", "maxLength", "minimum", "maximum")
"""Of JSON Schema, what a form of MCP may hold."""


def can_ask(context: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> bool:
    """Say whether the client shows forms, and has not just been told no in one."""
    capabilities = context.session.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    if context.protocol_version < FIRST_ERA or elicitation is None:
        return False
    by_form = elicitation.form is not None or elicitation.url is None
    given = (params.input_responses or {}).get(QUESTION)
    return by_form and (given is None or _accepted(given) is not None)


def question(answer: Answer) -> InputRequiredResult | None:
    """Return the form that asks for what an answer says is missing, if it says so and meant it."""
    if answer.fields.get("outcome") != "needs_input" or answer.fields.get("dry_run"):
        return None
    missing: Any = answer.fields["missing_fields"]
    properties = {
        name: {key: value for key, value in one.items() if key in _KNOWN}
        for name, one in missing["properties"].items()
    }
    schema = {"type": "object", "properties": properties, "required": missing["required"]}
    form = ElicitRequestFormParams(message=MESSAGE, requested_schema=schema)
    return InputRequiredResult(input_requests={QUESTION: ElicitRequest(params=form)})


def with_answers(
    arguments: Mapping[str, Any] | None, params: CallToolRequestParams
) -> Mapping[str, Any] | None:
    """Return the arguments with what the person has answered; raises `BadArguments`."""
    given = (params.input_responses or {}).get(QUESTION)
    content = None if given is None else _accepted(given)
    if not content:
        return arguments
    merged = dict(arguments or {})
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


def _accepted(given: object) -> dict[str, Any] | None:
    if not isinstance(given, ElicitResult) or given.action != "accept":
        return None
    return given.content or {}


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    raise BadArguments(f"{QUESTION}: {name[:60]!r} must be a text, a number, or true or false.")
