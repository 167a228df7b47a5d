"""The request form: which answers a policy asks for beyond the justification, and whether the given
ones fit. The rules are those of JSON Schema for a flat object of scalars (draft 2020-12 §6)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from domain.errors import AnswerUnfit, UnknownField
from domain.policy.vocabulary import FieldKind, FormField, Policy
from domain.values import clean_text

TRUE_FALSE = ("true", "false")


def merged_fields(policies: Sequence[Policy]) -> tuple[FormField, ...]:
    """Return the fields of all policies, each id once, the first that names it."""
    fields: dict[str, FormField] = {}
    for policy in policies:
        for one in policy.fields:
            fields.setdefault(one.field_id, one)
    return tuple(fields.values())


def checked_answers(
    fields: Sequence[FormField], given: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the answers, cleaned, and the ids of required fields that have none; raises
    `UnknownField` or `AnswerUnfit`. Answers are matched by id or by prompt."""
    known = {one.field_id: one for one in fields} | {
        one.prompt: one for one in reversed(fields) if one.prompt
    }
    answers: dict[str, str] = {}
    for key, text in given.items():
        field = known.get(key)
        if field is None:
            raise UnknownField(key)
        cleaned = clean_text(field.field_id, text, limit=field.longest)
        if cleaned:
            _check(field, cleaned)
            answers[field.field_id] = cleaned
    missing = tuple(one.field_id for one in fields if one.required and one.field_id not in answers)
    return answers, missing


def _check(field: FormField, text: str) -> None:
    if field.options and text not in field.options:
        raise AnswerUnfit(field.field_id, f"one of {', '.join(field.options)}")
    if field.kind is FieldKind.BOOLEAN and text not in TRUE_FALSE:
        raise AnswerUnfit(field.field_id, "true or false")
    if field.kind in (FieldKind.INTEGER, FieldKind.NUMBER):
        _check_number(field, text)
    if field.pattern and not re.search(field.pattern, text):
        raise AnswerUnfit(field.field_id, f"text that matches {field.pattern}")


def _check_number(field: FormField, text: str) -> None:
    shape = r"-?\d{1,15}" if field.kind is FieldKind.INTEGER else r"-?\d{1,15}(\.\d{1,15})?"
    if not re.fullmatch(shape, text, re.ASCII):
        kind = "a whole number" if field.kind is FieldKind.INTEGER else "a number"
        raise AnswerUnfit(field.field_id, kind)
    number = float(text)
    if field.minimum is not None and number < field.minimum:
        raise AnswerUnfit(field.field_id, f"at least {field.minimum:g}")
    if field.maximum is not None and number > field.maximum:
        raise AnswerUnfit(field.field_id, f"at most {field.maximum:g}")
