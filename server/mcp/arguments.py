"""Arguments checked against the schema that was listed, so that what is listed is what is taken. A
refusal names the argument and what would be right, and never repeats what was sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from mcp.types import Tool

from server.request_bodies import storable

Arguments = Mapping[str, Any]
KINDS = {
    "string": "a text",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}

SENTENCES = {
    "type": "must be {limit}.",
    "enum": "must be one of: {limit}.",
    "minLength": "must not be empty.",
    "maxLength": "is longer than {limit} characters; shorten it.",
    "minimum": "must be {limit} or more.",
    "maximum": "must be {limit} or less.",
    "maxItems": "holds more than {limit} entries.",
}


class BadArguments(Exception):  # noqa: N818 - says what is
    """The arguments do not fit the tool's schema; the message says which and why."""


def check_arguments(tool: Tool, given: Arguments | None) -> dict[str, Any]:
    """Return the arguments with the schema's defaults filled in; raises `BadArguments`."""
    arguments = {name: _whole(storable(value)) for name, value in (given or {}).items()}
    fault = best_match(Draft202012Validator(tool.input_schema).iter_errors(arguments))
    if fault is not None:
        raise BadArguments(_sentence(fault))
    properties: dict[str, dict[str, Any]] = tool.input_schema["properties"]
    defaults = {name: one["default"] for name, one in properties.items() if "default" in one}
    return {**defaults, **arguments}


def moment(arguments: Arguments, name: str) -> datetime | None:
    """Return an RFC 3339 argument, which must say its offset from UTC; raises `BadArguments`."""
    if name not in arguments:
        return None
    try:
        parsed = datetime.fromisoformat(arguments[name])
        if parsed.tzinfo is not None and 1 < parsed.year < 9999:  # noqa: PLR2004 - room for offsets
            return parsed
    except ValueError:
        pass
    raise BadArguments(f"{name} must be a date and time with its offset: 2027-01-31T09:00:00Z")


def _whole(value: Any) -> Any:
    """Return the value with numbers like 3.0 as the whole numbers that JSON means by them."""
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _sentence(fault: ValidationError) -> str:
    name = ".".join(str(step) for step in fault.absolute_path) or "arguments"
    limit: Any = fault.validator_value
    if fault.validator == "additionalProperties":
        return _unknown(name, fault.instance, fault.schema["properties"])
    if fault.validator == "required":
        absent = [one for one in limit if one not in fault.instance]
        return f"{_inside(name)}{absent[0]} is required."
    shown = ", ".join(limit) if fault.validator == "enum" else KINDS.get(str(limit), limit)
    sentence = SENTENCES.get(str(fault.validator), "does not fit the tool's schema.")
    return f"{name} {sentence.format(limit=shown)}"


def _unknown(name: str, given: Iterable[str], known: Iterable[str]) -> str:
    strange = min(set(given) - set(known))
    shown = "".join(one for one in strange[:60] if one.isprintable())
    return f"{_inside(name)}There is no argument {shown!r}; there are: {', '.join(known)}."


def _inside(name: str) -> str:
    return "" if name == "arguments" else f"{name}: "
