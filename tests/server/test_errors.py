"""Every refusal has a place in the table, a code of its own and a sentence that can be filled."""

from __future__ import annotations

import dataclasses
import inspect

import pytest

from domain import errors
from domain.errors import Refused
from server.errors import STATUS, status_of

FAMILIES = set(STATUS)


def leaves(kind: type[Refused]) -> list[type[Refused]]:
    below = kind.__subclasses__()
    return [one for child in below for one in leaves(child)] if below else [kind]


REFUSALS = leaves(Refused)
LENGTHS, LENGTHS_OF = (3_600, None), "tuple[int | None, ...]"
"""Lengths are put in words; other values stand as they are."""


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_a_refusal_has_a_status_a_code_and_a_sentence(kind: type[Refused]) -> None:
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]  # every leaf is a dataclass
    refusal = kind(
        *(LENGTHS if field.type == LENGTHS_OF else f"<{field.name}>" for field in fields)
    )
    assert 400 <= status_of(refusal) < 500
    assert kind.code == kind.code.lower()
    assert refusal.sentence.endswith(".")
    assert "{" not in refusal.sentence


def test_codes_are_their_own() -> None:
    codes = [kind.code for kind in REFUSALS]
    assert len(codes) == len(set(codes))


def test_the_tree_in_the_docstring_names_every_refusal() -> None:
    doc = inspect.getdoc(errors) or ""
    assert [kind.__name__ for kind in REFUSALS if kind.__name__ not in doc] == []
