"""Policies in a catalog file: what is written is what is read, and what could not be meant is refused
with words before anything is stored."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.lengths import format_length
from domain.policy import (
    DAY,
    DEFAULT,
    ApproverKind,
    ApproverRef,
    Attribute,
    BreakGlass,
    Conflict,
    Evidence,
    Extension,
    FieldKind,
    FormField,
    OnBehalf,
    OnCall,
    Policy,
    PreApproval,
    Provisioning,
    Stage,
    StageKind,
    Waiting,
)
from server.catalog.entries import BadCatalog
from server.catalog.file import format_catalog, parse_catalog
from server.catalog.source import Catalog
from server.policies.durations import parse_length

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True)
SECONDS = st.integers(1, 400 * DAY)
ALONE = st.sampled_from([ApproverKind.MANAGER, ApproverKind.OWNER, ApproverKind.ADMINISTRATORS])
NAMED = st.sampled_from([ApproverKind.PERSON, ApproverKind.GROUP, ApproverKind.INTEGRATION])
REFERENCES = st.one_of(ALONE.map(ApproverRef), st.builds(ApproverRef, NAMED, NAMES))
GROUPS = st.lists(NAMES, max_size=3).map(tuple)
STAGES = st.builds(
    Stage,
    NAMES,
    st.just(StageKind.APPROVAL),
    st.just(1),
    st.lists(REFERENCES, min_size=2, max_size=3, unique=True).map(tuple),
)
FIELDS = st.builds(
    FormField,
    NAMES,
    st.text(st.characters(codec="ascii", categories=["L"]), max_size=20),
    st.sampled_from(FieldKind),
    st.booleans(),
    GROUPS,
    st.sampled_from(["", "^T-[0-9]+$"]),
    st.integers(1, 2_000),
    st.one_of(st.none(), st.floats(-9, 0)),
    st.one_of(st.none(), st.floats(1, 9)),
)
LENGTHS = st.lists(st.one_of(st.none(), SECONDS), min_size=1, max_size=5, unique=True).map(tuple)
POLICIES = st.builds(
    Policy,
    policy_id=NAMES,
    version=st.just(0),
    access_lengths=LENGTHS,
    default_access_length=st.none(),
    justification_required=st.booleans(),
    on_behalf=st.sampled_from(OnBehalf),
    requestable_by=GROUPS,
    fields=st.lists(FIELDS, max_size=3, unique_by=lambda one: one.field_id).map(tuple),
    stages=st.lists(STAGES, max_size=3, unique_by=lambda one: one.name).map(tuple),
    pre_approvals=st.lists(
        st.builds(
            PreApproval,
            NAMES,
            GROUPS,
            st.dictionaries(NAMES, NAMES, max_size=2).map(
                lambda found: tuple(Attribute(*one) for one in sorted(found.items()))
            ),
            GROUPS,
            st.one_of(st.none(), SECONDS),
        ),
        max_size=2,
    ).map(tuple),
    conflicts=st.lists(
        st.builds(
            Conflict, NAMES, st.lists(NAMES, min_size=2, max_size=3, unique=True).map(tuple)
        ),
        max_size=2,
    ).map(tuple),
    maximum_open=st.integers(1, 500),
    minimum_evidence=st.sampled_from(Evidence),
    extension=st.sampled_from(Extension),
    break_glass=st.one_of(
        st.none(),
        st.builds(
            BreakGlass, GROUPS, SECONDS, st.lists(REFERENCES, min_size=1).map(tuple), SECONDS
        ),
    ),
    on_call=st.lists(
        st.builds(
            OnCall,
            NAMES,
            st.lists(NAMES, min_size=1, max_size=3).map(tuple),
            st.integers(0, 2 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
            SECONDS,
        ),
        max_size=2,
        unique_by=lambda one: one.name,
    ).map(tuple),
    provisioning=st.builds(
        Provisioning,
        st.one_of(st.just(""), NAMES),
        st.lists(REFERENCES, max_size=2).map(tuple),
        st.just("Add them."),
        SECONDS,
        st.integers(1, 9),
    ),
    waiting=st.builds(
        Waiting,
        SECONDS,
        SECONDS,
        st.one_of(st.none(), SECONDS),
        st.lists(REFERENCES, max_size=2).map(tuple),
    ),
).map(lambda one: replace(one, default_access_length=one.access_lengths[0]))


@given(st.lists(POLICIES, max_size=3, unique_by=lambda one: one.policy_id))
def test_what_is_written_is_what_is_read(policies: list[Policy]) -> None:
    for number, one in enumerate(policies):
        rotations = tuple(replace(r, name=f"{number}-{r.name}") for r in one.on_call)
        policies[number] = replace(one, on_call=rotations)
    catalog = Catalog({}, {}, {one.policy_id: one for one in policies})
    assert parse_catalog(format_catalog(catalog)) == catalog


@given(st.one_of(st.none(), st.integers(1, 10**9)))
def test_a_length_is_read_as_it_was_written(seconds: int | None) -> None:
    assert parse_length(format_length(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(90, "90 seconds"), (3_600, "1 hour"), (7 * DAY, "7 days"), (DAY, "1 day")],
)
def test_a_length_is_written_as_people_write_it(seconds: int, text: str) -> None:
    assert format_length(seconds) == text


def test_what_is_left_out_is_as_in_the_default_policy() -> None:
    found = policies_of({"id": "default"})
    assert found == {"default": replace(DEFAULT, version=0)}


def policies_of(*entries: dict[str, Any]) -> dict[str, Policy]:
    """Return the policies of a file with these entries."""
    file = {"policies": list(entries), "apps": [], "permissions": []}
    return parse_catalog(json.dumps(file).encode()).policies


STAGE = {"name": "owners", "by": ["owner"]}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"id": "p", "access_lengths": ["soon"]}, "'soon' is no length of time"),
        ({"id": "p", "access_lengths": ["0 days"]}, "is no length of time"),
        ({"id": "p", "access_lengths": ["99999999 weeks"]}, "is no length of time"),
        ({"id": "p", "access_lengths": []}, "default_access_length is not among"),
        ({"id": "p", "default_access_length": "5 days"}, "default_access_length is not among"),
        ({"id": "p", "approval": [{"name": "s", "by": []}]}, "stage s names nobody"),
        ({"id": "p", "approval": [{"name": "s", "by": ["boss"]}]}, "names no approvers"),
        ({"id": "p", "approval": [{"name": "s", "by": ["group:"]}]}, "names no approvers"),
        ({"id": "p", "approval": [{"name": "s", "by": ["manager:x"]}]}, "names no approvers"),
        ({"id": "p", "approval": [{**STAGE, "needed": 0}]}, "needs nobody"),
        ({"id": "p", "approval": [STAGE, STAGE]}, "two stages are called owners"),
        (
            {"id": "p", "approval": [{"name": "s", "by": ["person:a"], "needed": 2}]},
            "needs more than it names",
        ),
        (
            {"id": "p", "approval": [STAGE, {"name": "manager", "by": ["manager"]}]},
            "the manager decides first",
        ),
        ({"id": "p", "approval": [{"name": "s", "by": ["on_call:x"]}]}, "there is no rotation x"),
        ({"id": "p", "form": {"required": ["x"]}}, "required names no property: x"),
        ({"id": "p", "form": {"properties": {"a": {"type": "array"}}}}, "Invalid enum value"),
        ({"id": "p", "form": {"properties": {"a": {"pattern": "("}}}}, "no regular expression"),
        ({"id": "p", "form": {"properties": {"a": {"maxLength": 0}}}}, "maxLength of a"),
        ({"id": "p", "conflicts": [{"id": "c", "items": ["a", "a"]}]}, "excludes nothing"),
        ({"id": "p", "waiting": {"lapse_after": "never"}}, "is no length of time"),
        ({"id": "p", "provisioning": {"attempts": 0}}, "is not positive"),
        (
            {"id": "p", "break_glass": {"groups": ["a"], "longest": "1 hour", "review_by": []}},
            "names nobody to review",
        ),
        (
            {
                "id": "p",
                "on_call": [{"name": "r", "members": ["a"], "starts": "2027-01-04T09:00:00"}],
            },
            "must say its offset",
        ),
        ({"id": "p", "on_fire": True}, "on_fire"),
        ({"id": "p", "minimum_evidence": "hearsay"}, "minimum_evidence"),
        ({"id": "two words"}, "field"),
    ],
)
def test_a_policy_that_nobody_can_have_meant_is_refused(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(BadCatalog, match=words) as caught:
        policies_of(entry)
    assert str(caught.value).startswith("policies[0]")


def test_a_rotation_may_be_named_by_any_policy_of_the_file() -> None:
    starts = "2027-01-04T09:00:00Z"
    rotation = {"name": "duty", "members": ["bob"], "starts": starts}
    stage = {"name": "s", "by": ["on_call:duty"]}
    found = policies_of({"id": "a", "approval": [stage]}, {"id": "b", "on_call": [rotation]})
    assert found["a"].stages[0].approvers == (ApproverRef(ApproverKind.ON_CALL, "duty"),)
    with pytest.raises(BadCatalog, match="another policy defines the rotation duty"):
        policies_of({"id": "a", "on_call": [rotation]}, {"id": "b", "on_call": [rotation]})
