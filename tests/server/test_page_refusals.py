"""What pages say of refusals is for people: no name of a tool, of a field, or of a command."""

from __future__ import annotations

import re

import pytest

from domain.errors import (
    DurationNotOffered,
    InputMissing,
    OnBehalfNotAllowed,
    Refused,
    TextTooLong,
)
from server.pages.refusals import SENTENCES, words
from tests.server.test_errors import REFUSALS

NEVER_ON_PAGES = {
    "bad_topic_pattern",
    "decision_by_client_off",
    "not_confirmed",
    "nothing_there",
    "operator_only",
}
"""Refusals of what no page asks for. Others get a sentence in `SENTENCES` where their own is for programs."""
FOR_PROGRAMS = re.compile(r"\b[a-z]+_[a-z_]+\b|\bthe person\b|\bsubmit again\b|\bread it again\b")


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_a_page_speaks_to_people(kind: type[Refused]) -> None:
    if kind.code in NEVER_ON_PAGES:
        return
    said = SENTENCES.get(kind.code, kind.template)
    assert FOR_PROGRAMS.findall(re.sub(r"\{.*?\}", "", said)) == []


def test_every_sentence_is_of_a_refusal_that_there_is() -> None:
    assert set(SENTENCES) <= {kind.code for kind in REFUSALS}


def test_what_is_missing_is_said_beside_its_field_and_alone() -> None:
    told = words(InputMissing(("reason", "ticket")))
    assert told.fields == {"reason": "Give a reason.", "ticket": "Please answer this."}
    assert told.alone == "Give a reason. Please answer this."


def test_a_length_is_refused_with_those_that_there_are() -> None:
    told = words(DurationNotOffered(1, (7200, None)))
    assert (
        told.alone == "This length of access is not offered here. Choose from: 2 hours, unlimited."
    )


def test_the_same_is_not_said_twice() -> None:
    for refusal in (OnBehalfNotAllowed("x"), TextTooLong("reason", 10)):
        told = words(refusal)
        assert told.whole not in told.fields.values()
