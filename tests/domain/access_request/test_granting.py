"""From approval to the end of access: orders, failures, time, and those who end it before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from domain.access_request import Action, ExtendAccess
from domain.errors import (
    AdministratorsOnly,
    AlreadyClosed,
    IdempotencyKeyReused,
    InputMissing,
    IntegrationNotAllowed,
    NotAssigned,
    NotHeld,
    NothingUnderWay,
    SelfApproval,
    UnknownRequest,
)
from domain.policy import HOUR
from domain.values import RequestId
from tests.domain.access_request.story import (
    ADMIN,
    BY_MACHINE,
    EVE,
    POLICY,
    READ,
    REQUEST,
    WRITE,
    Story,
)
from tests.seeds import ALICE, BOB, CAROL
from tests.times import NOW

MACHINE = replace(POLICY, provisioning=BY_MACHINE)
REMOVE = {"action": Action.REMOVE}


def test_time_counts_from_the_grant() -> None:
    story = Story().approved()
    story.later(hours=5)
    assert story.reports(ADMIN) == ["granted read until +29h"]
    assert story.status == "PROVISIONED"


def test_access_for_good_is_complete_when_it_is_granted() -> None:
    story = Story().approved(READ, access_seconds=None, length_given=True)
    assert story.reports(ADMIN) == ["granted read until never", "complete read"]
    assert story.status == "COMPLETED"


def test_an_order_without_an_answer_is_tried_again_and_then_handed_to_people() -> None:
    story = Story(policy=MACHINE).approved()
    assert story.status == "PENDING_PROVISIONING"
    assert story.later(minutes=59) == []
    assert story.later(minutes=1) == ["granting read failed, again at +1h"]
    assert story.later(minutes=1) == ["order 2 to grant read: [directory]"]
    assert story.reports("directory", "failed", reason="Full") == [
        "granting read failed, handed over",
        "order 3 to grant read: admin",
    ]
    assert story.status == "PENDING_MANUAL_PROVISIONING"
    assert story.reports("directory") == ["granted read until +25h"]


def test_what_a_provisioner_refuses_is_not_granted() -> None:
    story = Story(policy=MACHINE).approved()
    assert story.reports("directory", "refused", reason="No licence") == [
        "granting read refused",
        "closed DENIED_PROVISIONING: read DENIED_PROVISIONING",
    ]


def test_only_those_who_were_told_report() -> None:
    story = Story(policy=MACHINE).approved()
    story.refused(IntegrationNotAllowed("auto")).reports("auto")
    story.refused(NotAssigned()).reports(CAROL)
    story.refused(NothingUnderWay("remove", "anything")).reports("directory", **REMOVE)
    story.refused(NothingUnderWay("grant", WRITE)).reports("directory", items=(WRITE,))
    assert story.reports(ADMIN) == ["granted read until +24h"]


def test_a_report_counts_once() -> None:
    story = Story(policy=MACHINE).approved()
    assert story.reports("directory", report_id="f")
    assert story.reports("directory", report_id="f") == []
    story.refused(IdempotencyKeyReused("f")).reports("directory", report_id="f", digest="other")


def test_an_integration_that_was_removed_is_as_one_that_failed() -> None:
    story = Story(policy=MACHINE, provisioners=frozenset())
    story.approved()
    assert story.status == "PENDING_MANUAL_PROVISIONING"


def test_access_that_begins_later_is_ordered_when_its_time_has_come() -> None:
    story = Story().approved(READ, starts_at=NOW + timedelta(hours=3))
    assert story.status == "APPROVED"
    assert story.later(hours=2) == []
    assert story.later(hours=1) == ["order 1 to grant read: admin"]


def test_access_ends_by_itself_and_is_removed_the_way_it_was_granted() -> None:
    story = Story(policy=MACHINE).approved()
    story.reports("directory")
    assert story.later(hours=23) == []
    assert story.later(hours=1) == ["order 1 to remove (expiry) read: [directory]"]
    assert story.status == "PENDING_DEPROVISIONING"
    assert story.reports("directory", **REMOVE) == [
        "removed read",
        "closed TIME_BASED_EXPIRED: read TIME_BASED_EXPIRED",
    ]


def test_a_removal_that_fails_or_is_refused_stays_open_until_somebody_does_it() -> None:
    story = Story(policy=MACHINE).approved()
    story.reports("directory")
    story.later(hours=24)
    assert story.reports("directory", "refused", reason="I keep it", **REMOVE) == [
        "removing read failed, handed over",
        "order 2 to remove (expiry) read: admin",
    ]
    assert story.reports(ADMIN, "failed", reason="Locked", **REMOVE) == [
        "removing read failed, handed over"
    ]
    assert story.status == "TIME_BASED_EXPIRED_FAILED"
    assert story.reports(ADMIN, **REMOVE)[0] == "removed read"


def test_a_report_of_a_grant_does_not_count_for_the_removal_that_followed() -> None:
    story = Story(policy=MACHINE).approved()
    story.reports("directory")
    story.later(hours=24)
    story.refused(NothingUnderWay("grant", "anything")).reports("directory")


def test_access_is_given_back_or_taken_away_before_its_time() -> None:
    story = Story().granted()
    assert story.revokes(ALICE) == [
        "revoked read by alice",
        "order 1 to remove (revocation) read: admin",
    ]
    assert story.reports(ADMIN, **REMOVE) == [
        "removed read",
        "closed REVERTED: read REVERTED",
    ]
    by_admin = Story().granted(READ, access_seconds=None, length_given=True)
    assert by_admin.revokes(ADMIN)[0] == "revoked read by admin"
    other = Story().granted()
    other.refused(UnknownRequest(REQUEST)).revokes(EVE)
    Story().approved().refused(NotHeld("Nothing")).revokes(ALICE)


def test_an_administrator_lets_access_stand_that_was_to_be_removed() -> None:
    story = Story().granted()
    story.later(hours=24)
    story.refused(AdministratorsOnly()).calls_off(CAROL)
    story.refused(InputMissing(("reason",))).calls_off(ADMIN, " ")
    assert story.calls_off(ADMIN) == ["removal of read called off by admin"]
    assert story.status == "TIME_BASED_EXPIRED_CANCELLED"
    own = Story().granted()
    own.later(hours=24)
    own.people[ALICE] = replace(own.people[ALICE], roles=own.people[ADMIN].roles)
    own.refused(SelfApproval()).calls_off(ALICE)


def test_a_request_is_withdrawn_in_every_phase_before_access_is_there() -> None:
    waiting = Story()
    waiting.asks(READ)
    waiting.refused(UnknownRequest(REQUEST)).cancels(EVE)
    assert waiting.cancels(ALICE) == [
        "cancelled read by alice",
        "closed CANCELLED: read CANCELLED",
    ]
    waiting.refused(AlreadyClosed("CANCELLED")).cancels(ALICE)
    by_hand = Story().approved()
    assert by_hand.cancels(ADMIN) == [
        "cancelled read by admin",
        "closed CANCELLED: read CANCELLED",
    ]
    by_system = Story()
    by_system.asks(READ, WRITE)
    assert by_system.cancels(None, items=(READ,)) == ["cancelled read by the system"]


def test_what_an_integration_may_have_granted_already_is_taken_back() -> None:
    story = Story(policy=MACHINE).approved()
    assert story.cancels(ALICE) == [
        "cancelled read by alice",
        "order 1 to remove (reversal) read: [directory]",
    ]
    assert story.status == "REVERTING"
    assert story.reports("directory", **REMOVE)[-1] == "closed REVERTED: read REVERTED"


def test_an_approved_extension_moves_the_end_and_never_forwards() -> None:
    story = Story().granted()
    longer = ExtendAccess(REQUEST, RequestId("r-2"), (READ,), NOW + timedelta(hours=48))
    assert story.when(longer) == ["extended read until +48h"]
    sooner = replace(longer, until=NOW + timedelta(hours=30))
    assert story.when(sooner) == []
    assert story.later(hours=24) == []
    assert story.later(hours=24)[0] == "order 1 to remove (expiry) read: admin"
    assert story.when(replace(longer, until=None)) == []


def test_who_does_not_answer_is_reminded_joined_by_others_and_in_the_end_it_lapses() -> None:
    story = Story()
    story.asks(READ)
    assert story.later(hours=23) == []
    assert story.later(hours=1) == ["reminded bob of read"]
    assert story.later(hours=24) == ["reminded bob of read"]
    assert story.later(hours=24) == ["escalated read to admin,bob", "reminded admin,bob of read"]
    assert story.decides(ADMIN)[0] == "admin approves read at manager"
    late = Story()
    late.asks(READ)
    assert late.later(days=14)[-2:] == ["lapsed read", "closed EXPIRED: read EXPIRED"]
    assert late.later(days=1) == []


def test_the_length_that_was_cut_is_that_which_is_granted() -> None:
    story = Story()
    story.asks(READ)
    story.decides(BOB, access_seconds=HOUR)
    for by in (CAROL, "auto"):
        if by == "auto":
            story.decides(None, submitted_by="auto")
        else:
            story.decides(CAROL)
    assert story.reports(ADMIN) == ["granted read until +1h"]
