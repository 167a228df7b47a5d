"""JSON Schemas (2020-12) of what stands in `data`: events as the domain defines them, commands as they are
read, outcomes as they are told. It knows nothing of envelopes and subjects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from msgspec.json import schema_components

from domain.events import EVENT_TYPES
from domain.ports import CommandOutcome
from domain.published import stays_at_home
from domain.values import Actor, Personal
from server.integrations.reading import Decision, Report

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
COMPONENTS = "#/components/schemas/"
PERSONAL, ACTOR = "Personal", "Actor"

_PERSONAL: Schema = {
    "title": PERSONAL,
    "description": (
        "Text about a person. Streams keep it sealed, and an integration has it opened at "
        "doorward.<tenant>.api.<name>.open; webhooks get it open."
    ),
    "type": "object",
    "properties": {
        "subject": {"type": "string", "description": "The id of the person it is about."},
        "text": {"type": "string"},
        "sealed": {"type": "string"},
    },
    "required": ["subject"],
    "oneOf": [{"required": ["text"]}, {"required": ["sealed"]}],
}


@cache
def components() -> Mapping[str, Schema]:
    """Return every schema by its name: events, commands, outcomes and the parts of them."""
    kinds = [*EVENT_TYPES.values(), Actor, Decision, Report, CommandOutcome]
    _, found = schema_components(kinds, schema_hook=_own_type, ref_template=COMPONENTS + "{name}")
    taken = {Decision.__name__, Report.__name__}
    told = {
        name: _tidy(schema) if name in taken else _written_whole(schema)
        for name, schema in found.items()
    }
    # Who acted through no integration is told without `service`, as it was before there were any.
    told[ACTOR]["required"] = [one for one in told[ACTOR]["required"] if one != "service"]
    return {PERSONAL: _PERSONAL, **told}


def standing_alone(schema: Schema) -> Schema:
    """Return a schema with all that it refers to inside it."""
    known, needed = components(), dict[str, Schema]()
    waiting = list(_named(schema))
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = known[name]
            waiting += _named(known[name])
    whole = {
        "$schema": DIALECT,
        **schema,
        "$defs": {name: needed[name] for name in sorted(needed)},
    }
    moved: Schema = _replaced(whole, COMPONENTS, "#/$defs/")
    return moved


def _own_type(kind: type) -> Schema:
    if kind is Personal:
        return {"$ref": COMPONENTS + PERSONAL}
    raise NotImplementedError(kind)


def _written_whole(schema: Schema) -> Schema:
    """Return the schema of what is written: every field stands there, whether or not it has a default
    where it is made, and those that stay at home do not."""
    tidy = _tidy(schema)
    if "properties" not in tidy:
        return tidy
    fields = {
        name: {key: value for key, value in field.items() if key != "default"}
        for name, field in tidy["properties"].items()
        if not stays_at_home(name)
    }
    return {**tidy, "properties": fields, "required": list(fields)}


def _tidy(schema: Schema) -> Schema:
    """Return the schema with its description in one line."""
    if "description" not in schema:
        return schema
    return {**schema, "description": " ".join(schema["description"].split())}


def _named(value: object) -> Iterable[str]:
    """Yield the names of the schemas that this one refers to."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "$ref":
                yield str(inner).removeprefix(COMPONENTS)
            else:
                yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, Mapping):
        return {
            key: inner.replace(old, new) if key == "$ref" else _replaced(inner, old, new)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_replaced(inner, old, new) for inner in value]
    return value
