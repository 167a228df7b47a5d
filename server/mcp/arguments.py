"""Arguments checked against the schema that was listed, so that what is listed is what is taken. A
refusal names the argument and what would be right, and never repeats what was sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from server.mcp.definitions import ToolDefinition
from server.mcp.schema_checks import compiled
from server.request_bodies import MOST_LEVELS, storable

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

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

MOST_FAULTS = 100
"""Faults of which the best is told: there may be as many as there are bytes."""
TOO_DEEP = (
    f"Lists and objects stand in one another more than {MOST_LEVELS} levels deep; flatten them."
)


class BadArguments(Exception):  # noqa: N818 - says what is
    """The arguments do not fit the tool's schema; the message says which and why."""


class ArgumentCheck:
    """Checks arguments against one tool's schema, and fills in what the schema says of those left out."""

    def __init__(self, definition: ToolDefinition, judged: Collection[str] = ()) -> None:
        """Of the arguments that are `judged` by the tool itself, any text of a choice is let through."""
        listed: Mapping[str, Any] = definition.input_schema
        properties: dict[str, Any] = dict(listed["properties"])
        for name in judged:
            properties[name] = {
                key: properties[name][key] for key in properties[name] if key != "enum"
            }
        self._schema: Mapping[str, Any] = {**listed, "properties": properties}
        self._fits = compiled(self._schema)
        self._defaults = {
            name: one["default"] for name, one in properties.items() if "default" in one
        }

    def __call__(self, given: Arguments | None) -> dict[str, Any]:
        """Return the arguments with the schema's defaults filled in; raises `BadArguments`."""
        arguments = {name: _whole(value, MOST_LEVELS) for name, value in (given or {}).items()}
        if not self._fits(arguments):
            raise BadArguments(_sentence(self._fault(arguments)))
        return {**self._defaults, **arguments}

    def _fault(self, arguments: Arguments) -> ValidationError:
        """Return what is wrong, which the library that knows all of JSON Schema tells best."""
        # Read when it is first needed: most servers are never sent what does not fit.
        from jsonschema import Draft202012Validator  # noqa: PLC0415
        from jsonschema.exceptions import best_match  # noqa: PLC0415

        faults = Draft202012Validator(self._schema).iter_errors(self._cut(arguments))
        fault: ValidationError = best_match(islice(faults, MOST_FAULTS))
        return fault

    def _cut(self, arguments: Arguments) -> Arguments:
        """Return the arguments with each list that is too long cut to where it still is: who sends a hundred
        thousand entries must not have each looked at."""
        properties: Mapping[str, Any] = self._schema["properties"]
        most = {name: one["maxItems"] for name, one in properties.items() if "maxItems" in one}
        return {
            name: value[: most[name] + 1] if name in most and isinstance(value, list) else value
            for name, value in arguments.items()
        }


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


def _whole(value: Any, levels: int) -> Any:
    """Return the value with numbers like 3.0 as the whole numbers that JSON means by them, and its
    texts without what no database can hold; raises `BadArguments` where lists and objects stand in one
    another more than so many levels deep."""
    if isinstance(value, str):
        return value if value.isascii() and "\0" not in value else storable(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if not isinstance(value, list | dict):
        return value
    if not levels:
        raise BadArguments(TOO_DEEP)
    if isinstance(value, list):
        return [_whole(one, levels - 1) for one in value]
    return {storable(name): _whole(one, levels - 1) for name, one in value.items()}


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
