"""The request form of a policy as JSON Schema (draft 2020-12): a flat object of scalars. What cannot be
asked of a person in a form, such as a list, is refused rather than ignored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from domain.policy import FieldKind, FormField

LONGEST_ANSWER = 2_000


class Property(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """The schema of one field."""

    type: FieldKind = FieldKind.STRING
    title: str = ""
    enum: list[str] = []
    pattern: str = ""
    max_length: int = 500
    minimum: float | None = None
    maximum: float | None = None


class Form(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The schema of the form."""

    properties: dict[str, Property] = {}
    required: list[str] = []
    type: str = "object"


def parse_form(form: Form) -> tuple[FormField, ...]:
    """Return the fields; raises `ValueError`."""
    strange = sorted(set(form.required) - form.properties.keys())
    if form.type != "object" or strange:
        msg = f"required names no property: {strange[0]}" if strange else "type must be object"
        raise ValueError(msg)
    for name, one in form.properties.items():
        if not 0 < one.max_length <= LONGEST_ANSWER:
            msg = f"maxLength of {name} must be from 1 to {LONGEST_ANSWER}"
            raise ValueError(msg)
    return tuple(
        FormField(
            field_id=name,
            prompt=one.title,
            kind=one.type,
            required=name in form.required,
            options=tuple(one.enum),
            pattern=one.pattern,
            longest=one.max_length,
            minimum=one.minimum,
            maximum=one.maximum,
        )
        for name, one in form.properties.items()
    )


def format_form(fields: Sequence[FormField]) -> Form:
    """Return the form that `parse_form` reads back."""
    properties = {
        one.field_id: Property(
            type=one.kind,
            title=one.prompt,
            enum=list(one.options),
            pattern=one.pattern,
            max_length=one.longest,
            minimum=one.minimum,
            maximum=one.maximum,
        )
        for one in fields
    }
    return Form(properties=properties, required=[one.field_id for one in fields if one.required])


def form_schema(fields: Sequence[FormField]) -> Mapping[str, Any]:
    """Return the form as a JSON Schema for whoever fills it in."""
    properties: dict[str, Any] = msgspec.to_builtins(format_form(fields).properties)
    for name, one in properties.items():
        one.setdefault("type", "string")
        if one["type"] == "string":
            one.setdefault("maxLength", 500)
        else:
            one.pop("maxLength", None)
        one.setdefault("title", name)
    return {
        "type": "object",
        "properties": properties,
        "required": [one.field_id for one in fields if one.required],
    }
