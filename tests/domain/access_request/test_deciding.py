"""Decisions: who counts, what they may change, and what becomes of those that come late, twice or from
the wrong hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain.errors import (
    AlreadyClosed,
    AlreadyDecided,
    DecisionLapsed,
    EvidenceTooWeak,
    IdempotencyKeyReused,
    InputMissing,
    IntegrationNotAllowed,
    NotAnApprover,
    PersonDisabled,
    Refused,
    SelfApproval,
    StaleVersion,
    UnknownRequest,
    WouldWiden,
)
from domain.policy import HOUR, ApproverKind, ApproverRef, Evidence
from tests.domain.access_request.story import (
    ADMIN,
    DORA,
    EVE,
    MANAGER,
    OWNER,
    OWNERS,
    POLICY,
    READ,
    REQUEST,
    WRITE,
    Story,
)
from tests.seeds import ALICE, BOB, CAROL
from tests.times import NOW


def asked(*items: Any, **changes: Any) -> Story:
    story = Story(**changes)
    story.asks(*(items or (READ,)))
    return story


def test_stages_are_passed_one_after_the_other_by_as_many_as_they_need() -> None:
    story = asked()
    assert story.decides(BOB) == [
        "bob approves read at manager",
        "stage manager passed by read",
        "stage owners of read: 2 of carol,dora,[auto]",
    ]
    assert story.decides(CAROL) == ["carol approves read at owners"]
    assert story.status == "PENDING_APPROVAL"
    assert story.decides(None, submitted_by="auto") == [
        "[auto] approves read at owners",
        "stage owners passed by read",
        "approved read for 24h",
        "order 1 to grant read: admin",
    ]
    assert story.status == "PENDING_MANUAL_PROVISIONING"


def test_a_denial_ends_it_and_the_managers_has_a_status_of_its_own() -> None:
    assert asked().decides(BOB, "deny") == [
        "bob denies read at manager",
        "denied read by the manager",
        "closed MANAGER_DENIED: read MANAGER_DENIED",
    ]
    story = asked()
    story.decides(BOB)
    assert story.decides(CAROL, "deny") == [
        "carol denies read at owners",
        "denied read",
        "closed DENIED: read DENIED",
    ]


def test_items_are_decided_apart() -> None:
    story = asked(READ, WRITE)
    assert story.decides(BOB, items=(READ,)) == [
        "bob approves read at manager",
        "stage manager passed by read",
        "stage owners of read: 2 of carol,dora,[auto]",
    ]
    assert story.decides(BOB, "deny", items=(WRITE,)) == [
        "bob denies write at manager",
        "denied write by the manager",
    ]
    assert story.status == "PENDING_APPROVAL"


def test_what_is_not_named_is_denied_in_the_same_breath_if_said_so() -> None:
    assert asked(READ, WRITE).decides(BOB, items=(READ,), deny_rest=True, reason="Enough") == [
        "bob denies write at manager",
        "denied write by the manager",
        "bob approves read at manager",
        "stage manager passed by read",
        "stage owners of read: 2 of carol,dora,[auto]",
    ]


def test_a_decision_shortens_and_never_widens() -> None:
    story = asked()
    assert story.decides(BOB, access_seconds=HOUR)[0] == "bob approves read at manager for 1h"
    story.refused(WouldWiden("a length of 7200 seconds")).decides(CAROL, access_seconds=2 * HOUR)
    story.refused(WouldWiden("a length of 0 seconds")).decides(CAROL, access_seconds=0)
    story.refused(WouldWiden(WRITE)).decides(CAROL, items=(READ, WRITE))
    story.refused(WouldWiden("a length of access that is denied")).decides(
        CAROL, "deny", access_seconds=60
    )
    story.decides(CAROL)
    assert story.decides(DORA)[2] == "approved read for 1h"


@pytest.mark.parametrize(
    ("by", "more", "refusal"),
    [
        (ALICE, {}, SelfApproval()),
        (CAROL, {}, NotAnApprover()),
        (None, {}, NotAnApprover()),
        (None, {"submitted_by": "auto"}, NotAnApprover()),
        (BOB, {"submitted_by": "stranger"}, IntegrationNotAllowed("stranger")),
        (BOB, {"expected_version": 2}, StaleVersion(2, 3)),
        (BOB, {"step": "owners"}, AlreadyDecided("The stage owners")),
        (BOB, {"expires_at": NOW}, DecisionLapsed()),
        (BOB, {"items": ()}, InputMissing(("items",))),
        (BOB, {"verdict": "deny", "reason": " "}, InputMissing(("reason",))),
    ],
)
def test_what_is_no_decision(by: Any, more: dict[str, Any], refusal: Refused) -> None:
    verdict = more.pop("verdict", "approve")
    asked().refused(refusal).decides(by, verdict, **more)


def test_nobody_decides_for_whom_he_asked_or_is_asked_for() -> None:
    owner_asks = Story(policy=replace(POLICY, stages=(replace(OWNERS, needed=1),)))
    owner_asks.named[OWNER] = (ALICE, CAROL)
    assert owner_asks.asks(READ)[2] == "stage owners of read: 1 of carol,[auto]"
    owner_asks.refused(SelfApproval()).decides(ALICE)
    by_manager = asked()
    by_manager.events.clear()
    by_manager.asks(READ, requester=BOB)
    by_manager.refused(SelfApproval()).decides(BOB)


def test_one_person_counts_once_over_all_stages() -> None:
    story = Story(policy=replace(POLICY, stages=(MANAGER, replace(OWNERS, needed=1))))
    story.named[OWNER] = (BOB, CAROL)
    story.asks(READ)
    assert story.decides(BOB)[2] == "stage owners of read: 1 of carol,[auto]"
    story.refused(AlreadyDecided("What you had to decide")).decides(BOB)


def test_where_too_few_can_decide_administrators_may_too_and_the_number_stays() -> None:
    story = Story(integrations=frozenset())
    story.named[OWNER] = (CAROL,)
    story.asks(READ)
    assert story.decides(BOB)[2] == (
        "stage owners of read: 2 of admin,carol (administrators added)"
    )


def test_the_same_decision_counts_once_and_another_under_its_id_not_at_all() -> None:
    story = asked()
    assert story.decides(BOB, decision_id="d")
    for _ in range(10):
        assert story.decides(BOB, decision_id="d") == []
    story.refused(IdempotencyKeyReused("d")).decides(BOB, decision_id="d", digest="other")


def test_a_late_decision_is_told_so() -> None:
    story = asked()
    story.decides(BOB, "deny")
    story.refused(AlreadyClosed("MANAGER_DENIED")).decides(CAROL)
    approved = Story().approved()
    approved.refused(AlreadyDecided("The request")).decides(CAROL)
    Story().refused(UnknownRequest(REQUEST)).decides(BOB)


def test_a_disabled_approver_decides_nothing() -> None:
    story = asked()
    story.people[BOB] = replace(story.people[BOB], disabled=True)
    story.refused(PersonDisabled(BOB)).decides(BOB)


@pytest.mark.parametrize("evidence", list(Evidence))
def test_evidence_must_be_as_strong_as_policy_asks(evidence: Evidence) -> None:
    story = asked(policy=replace(POLICY, minimum_evidence=Evidence.USER_TOKEN))
    if evidence in (Evidence.USER_TOKEN, Evidence.SESSION):
        assert story.decides(BOB, evidence=evidence)
    else:
        story.refused(EvidenceTooWeak("user-token")).decides(BOB, evidence=evidence)


def test_who_decides_hands_it_over_and_an_administrator_may_too() -> None:
    story = asked()
    assert story.hands_over(BOB, EVE) == ["now eve decide on read"]
    story.refused(NotAnApprover()).decides(BOB)
    assert story.hands_over(ADMIN, DORA) == ["now dora decide on read"]
    assert story.decides(DORA)[0] == "dora approves read at manager"
    other = asked()
    other.refused(NotAnApprover()).hands_over(CAROL, EVE)
    other.refused(SelfApproval()).hands_over(ALICE, EVE)


def test_a_new_manager_decides_instead_of_the_former() -> None:
    story = asked()
    story.named[ApproverRef(ApproverKind.MANAGER)] = (EVE,)
    assert story.looks_up_approvers() == ["now eve decide on read"]
    assert story.looks_up_approvers() == []
    story.refused(NotAnApprover()).decides(BOB)


def test_those_with_a_part_in_it_talk_and_strangers_know_of_nothing() -> None:
    story = asked()
    assert story.says(ALICE, "Please") == ["alice said Please"]
    assert story.says(BOB, "Why?") == ["bob said Why?"]
    assert story.says(ADMIN, "Hm") == ["admin said Hm"]
    story.refused(UnknownRequest(REQUEST)).says(EVE)
    story.refused(InputMissing(("comment",))).says(ALICE, " ")
