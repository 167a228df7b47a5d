"""The rules of an access request."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.access_request import (
    DECIDER,
    CancellationFacts,
    CancelRequest,
    Directory,
    KnownApp,
    KnownPermission,
    KnownPerson,
    RequestCancelled,
    RequestedApp,
    RequestedPermission,
    RequestSubmitted,
    RuleUsed,
    SubmissionFacts,
    SubmitRequest,
    slot,
)
from domain.catalog import AppRecord, PermissionRecord
from domain.errors import (
    AlreadyClosed,
    DurationNotOffered,
    InputMissing,
    OnBehalfNotAllowed,
    OnePermissionOnly,
    PermissionOfOtherApp,
    PersonDisabled,
    Refused,
    RepeatedPermission,
    StaleVersion,
    StartInThePast,
    TextTooLong,
    TooMany,
    UnknownApp,
    UnknownField,
    UnknownPermission,
    UnknownPerson,
    UnknownRequest,
)
from domain.person import Role
from domain.policy import DAY, DEFAULT, OnBehalf
from domain.values import AppId, PermissionId, Personal, PersonId, RequestId
from tests.seeds import ALICE, BOB, CAROL, CRM, READER, person, submission
from tests.spec import Spec
from tests.times import NOW

REQUEST = RequestId("r-1")
CRM_RECORD = AppRecord("Sales CRM", "Customers.", audience="sales")
READER_RECORD = PermissionRecord(CRM, "Sales CRM / Reader")
KNOWN_READER = KnownPermission(READER_RECORD, 4, CRM_RECORD)
KNOWN_ALICE = KnownPerson(person(ALICE, manager=BOB, groups=("sales",)), 2)
FACTS = SubmissionFacts(
    KNOWN_ALICE, KNOWN_ALICE, KnownApp(CRM_RECORD, 3), (KNOWN_READER,), DEFAULT
)
SUBMITTED = RequestSubmitted(
    request_id=REQUEST,
    requester=ALICE,
    target=ALICE,
    app=RequestedApp(CRM, "Sales CRM", 3),
    permissions=(RequestedPermission(READER, "Sales CRM / Reader", 4),),
    justification=Personal(ALICE, "Quarter-end report"),
    access_seconds=30 * DAY,
    starts_at=None,
    directory=Directory(2, 2, BOB, ("sales",)),
    rule=RuleUsed("default", 1),
)


def spec() -> Spec:
    return Spec(DECIDER)


def asked(**changes: object) -> SubmitRequest:
    return submission("r-1", **changes)


def test_a_submission_records_every_fact_it_rested_on() -> None:
    spec().when(asked(), FACTS).then(SUBMITTED)


def test_an_app_may_be_asked_for_without_naming_permissions() -> None:
    spec().when(asked(permission_ids=()), replace(FACTS, permissions=())).then(
        replace(SUBMITTED, permissions=())
    )


def test_a_submission_of_what_is_open_already_is_granted_by_what_stands() -> None:
    spec().given(SUBMITTED).when(asked(), FACTS).then()


def test_a_stranger_is_refused_even_where_an_equal_request_is_open() -> None:
    facts = replace(FACTS, requester=KnownPerson(person(CAROL), 1))
    spec().given(SUBMITTED).when(asked(requester=CAROL), facts).refused(OnBehalfNotAllowed(ALICE))


def test_a_manager_may_ask_for_his_report() -> None:
    facts = replace(FACTS, requester=KnownPerson(person(BOB), 7))
    spec().when(asked(requester=BOB), facts).then(
        replace(
            SUBMITTED,
            requester=BOB,
            justification=Personal(BOB, "Quarter-end report"),
            directory=Directory(7, 2, BOB, ("sales",)),
        )
    )


def test_a_policy_may_forbid_asking_for_others() -> None:
    strict = replace(DEFAULT, on_behalf=OnBehalf.NOBODY)
    facts = replace(FACTS, requester=KnownPerson(person(BOB), 7), policy=strict)
    spec().when(asked(requester=BOB), facts).refused(OnBehalfNotAllowed(ALICE))


def test_text_is_stripped_of_what_cannot_be_seen() -> None:
    hidden = "Quarter\u202e-end\u200b report\u0007"
    spec().when(asked(justification=hidden), FACTS).then(SUBMITTED)


@pytest.mark.parametrize("seconds", [1, 3_600, 30 * DAY, 90 * DAY])
def test_any_length_up_to_the_longest_offered_will_do(seconds: int) -> None:
    command = asked(access_seconds=seconds, length_given=True)
    spec().when(command, FACTS).then(replace(SUBMITTED, access_seconds=seconds))


def test_unlimited_access_may_be_asked_for_where_it_is_offered() -> None:
    command = asked(access_seconds=None, length_given=True)
    spec().when(command, FACTS).then(replace(SUBMITTED, access_seconds=None))
    finite = replace(FACTS, policy=replace(DEFAULT, access_lengths=(DAY,)))
    spec().when(command, finite).refused(DurationNotOffered(None, (DAY,)))


DISABLED = KnownPerson(person(ALICE, groups=("sales",), disabled=True), 2)
HIDDEN = KnownApp(replace(CRM_RECORD, audience="finance"), 3)
ELSEWHERE = KnownPermission(replace(READER_RECORD, app_id=AppId("hr")), 1, AppRecord("HR"))
UNSEEN = KnownPermission(replace(READER_RECORD, app_id=AppId("hr")), 1, HIDDEN.record)
MANY = tuple(PermissionId(f"p{number}") for number in range(51))
SINGLE = KnownApp(replace(CRM_RECORD, multiple_permissions=False), 3)
TWO = (READER, PermissionId("other"))


@pytest.mark.parametrize(
    ("command", "facts", "refusal"),
    [
        (asked(), replace(FACTS, requester=None), UnknownPerson(ALICE)),
        (asked(), replace(FACTS, requester=DISABLED), PersonDisabled(ALICE)),
        (asked(), replace(FACTS, target=DISABLED), PersonDisabled(ALICE)),
        (asked(), replace(FACTS, target=None), OnBehalfNotAllowed(ALICE)),
        (asked(), replace(FACTS, app=None), UnknownApp(CRM)),
        (asked(), replace(FACTS, app=HIDDEN), UnknownApp(CRM)),
        (asked(), replace(FACTS, permissions=(None,)), UnknownPermission(READER)),
        (asked(), replace(FACTS, permissions=(ELSEWHERE,)), PermissionOfOtherApp(READER, CRM)),
        (asked(), replace(FACTS, permissions=(UNSEEN,)), UnknownPermission(READER)),
        (
            asked(permission_ids=(READER, READER)),
            replace(FACTS, permissions=(KNOWN_READER, KNOWN_READER)),
            RepeatedPermission(READER),
        ),
        (
            asked(permission_ids=TWO),
            replace(FACTS, app=SINGLE, permissions=(KNOWN_READER, KNOWN_READER)),
            OnePermissionOnly(CRM),
        ),
        (
            asked(permission_ids=MANY),
            replace(FACTS, permissions=(KNOWN_READER,) * 51),
            TooMany("requestable_permission_ids", 50),
        ),
        (asked(justification=None), FACTS, InputMissing(("business_justification",))),
        (asked(justification=" \u200b\t"), FACTS, InputMissing(("business_justification",))),
        (asked(justification="x" * 2_001), FACTS, TextTooLong("business_justification", 2_000)),
        (asked(starts_at=NOW - timedelta(seconds=1)), FACTS, StartInThePast()),
        (asked(custom_fields=("cost-centre",)), FACTS, UnknownField("cost-centre")),
        (
            asked(access_seconds=0, length_given=True),
            FACTS,
            DurationNotOffered(0, DEFAULT.access_lengths),
        ),
        (
            asked(access_seconds=90 * DAY + 1, length_given=True),
            FACTS,
            DurationNotOffered(90 * DAY + 1, DEFAULT.access_lengths),
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Refused) else "",
)
def test_what_breaks_a_rule_is_refused_by_name(
    command: SubmitRequest, facts: SubmissionFacts, refusal: Refused
) -> None:
    spec().when(command, facts).refused(refusal)


def by(person_id: PersonId, *roles: Role, disabled: bool = False) -> CancellationFacts:
    return CancellationFacts(KnownPerson(person(person_id, roles=roles, disabled=disabled), 1), 1)


CANCELLED = RequestCancelled(REQUEST, ALICE, Personal(ALICE, "Not needed"), SUBMITTED)


def test_a_request_may_be_withdrawn_by_who_made_it() -> None:
    command = CancelRequest(REQUEST, ALICE, " Not needed ", expected_version=1)
    spec().given(SUBMITTED).when(command, by(ALICE)).then(CANCELLED)


def test_a_request_may_be_withdrawn_by_whom_it_is_for() -> None:
    theirs = replace(SUBMITTED, requester=BOB)
    command = CancelRequest(REQUEST, ALICE, None)
    spec().given(theirs).when(command, by(ALICE)).then(
        RequestCancelled(REQUEST, ALICE, None, theirs)
    )


def test_an_administrator_may_withdraw_anybodys_request() -> None:
    command = CancelRequest(REQUEST, CAROL, None)
    spec().given(SUBMITTED).when(command, by(CAROL, Role.ADMINISTRATOR)).then(
        RequestCancelled(REQUEST, CAROL, None, SUBMITTED)
    )


def test_a_stranger_cannot_tell_a_request_from_none() -> None:
    command = CancelRequest(REQUEST, CAROL, None)
    spec().given(SUBMITTED).when(command, by(CAROL)).refused(UnknownRequest(REQUEST))
    spec().when(command, by(CAROL)).refused(UnknownRequest(REQUEST))


def test_a_disabled_person_withdraws_nothing() -> None:
    command = CancelRequest(REQUEST, ALICE, None)
    spec().given(SUBMITTED).when(command, by(ALICE, disabled=True)).refused(PersonDisabled(ALICE))


def test_a_closed_request_takes_no_more_decisions() -> None:
    command = CancelRequest(REQUEST, ALICE, None)
    spec().given(SUBMITTED, CANCELLED).when(command, by(ALICE)).refused(AlreadyClosed("CANCELLED"))


def test_a_decision_on_an_older_version_is_told_so() -> None:
    command = CancelRequest(REQUEST, ALICE, None, expected_version=2)
    spec().given(SUBMITTED).when(command, by(ALICE)).refused(StaleVersion(2, 1))


def test_a_reason_has_a_limit() -> None:
    command = CancelRequest(REQUEST, ALICE, "x" * 1_001)
    spec().given(SUBMITTED).when(command, by(ALICE)).refused(TextTooLong("reason", 1_000))


def test_two_requests_are_equal_whatever_the_order_of_their_permissions() -> None:
    one, two = PermissionId("a"), PermissionId("b")
    assert slot(ALICE, CRM, (one, two)) == slot(ALICE, CRM, (two, one))
    assert slot(ALICE, CRM, (one,)) != slot(ALICE, CRM, ())
    assert slot(ALICE, CRM, ()) != slot(BOB, CRM, ())
