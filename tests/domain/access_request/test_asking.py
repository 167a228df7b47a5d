"""What may be asked, by whom, for whom, and which way it then has to go."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.access_request import HeldAccess
from domain.errors import (
    AlreadyAsked,
    AlreadyHeld,
    BreakGlassNotAllowed,
    ConflictOfDuties,
    DurationNotOffered,
    ExtensionNotAllowed,
    ExtensionTooShort,
    InputMissing,
    NotHeld,
    OnBehalfNotAllowed,
    PersonDisabled,
    Refused,
    RepeatedPermission,
    StartInThePast,
    StartNotAllowed,
    TooManyOpen,
    UnknownApp,
    UnknownField,
    UnknownPermission,
)
from domain.policy import (
    DAY,
    HOUR,
    Attribute,
    BreakGlass,
    Conflict,
    Extension,
    FormField,
    OnBehalf,
    PreApproval,
)
from domain.values import AppId, PermissionId, RequestId
from tests.domain.access_request.story import (
    ADMINISTRATORS,
    BY_MACHINE,
    POLICY,
    READ,
    WRITE,
    Story,
)
from tests.seeds import ALICE, BOB, CAROL
from tests.times import NOW

OTHER = RequestId("r-0")


def test_a_request_starts_at_its_first_stage() -> None:
    assert Story().asks(READ) == [
        "submitted read for 24h",
        "routed read by crm 3 until +336h",
        "stage manager of read: 1 of bob",
    ]


def test_the_app_itself_is_asked_for_where_no_permission_is_named() -> None:
    assert Story().asks()[0] == "submitted crm for 24h"


def test_items_under_different_policies_go_their_ways_apart() -> None:
    free = replace(POLICY, policy_id="free", stages=(), provisioning=BY_MACHINE)
    story = Story(policies={WRITE: free})
    assert story.asks(READ, WRITE) == [
        "submitted read,write for 24h",
        "routed read by crm 3; write by free 3 until +336h",
        "stage manager of read: 1 of bob",
        "approved write for 24h",
        "order 1 to grant write: [directory]",
    ]
    assert story.status == "PENDING_MANAGER_APPROVAL"


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"app_id": AppId("none")}, UnknownApp("none")),
        ({"permission_ids": (PermissionId("none"),)}, UnknownPermission("none")),
        ({"permission_ids": (READ, READ)}, RepeatedPermission(READ)),
        ({"justification": " "}, InputMissing(("business_justification",))),
        (
            {"access_seconds": 8 * DAY, "length_given": True},
            DurationNotOffered(8 * DAY, POLICY.access_lengths),
        ),
        (
            {"access_seconds": 0, "length_given": True},
            DurationNotOffered(0, POLICY.access_lengths),
        ),
        ({"starts_at": NOW - timedelta(seconds=1)}, StartInThePast()),
        ({"answers": (("shoe", "44"),)}, UnknownField("shoe")),
        ({"target": CAROL}, OnBehalfNotAllowed(CAROL)),
        ({"requester": CAROL}, OnBehalfNotAllowed(ALICE)),
        ({"emergency": True}, BreakGlassNotAllowed()),
    ],
)
def test_what_may_not_be_asked(changes: dict[str, Any], refusal: Refused) -> None:
    Story().refused(refusal).asks(**{"permission_ids": (READ,), **changes})


def test_less_than_the_longest_offered_length_is_never_refused() -> None:
    told = Story().asks(READ, access_seconds=5 * HOUR, length_given=True)
    assert told[0] == "submitted read for 5h"


def test_a_person_who_is_disabled_neither_asks_nor_is_asked_for() -> None:
    people = Story().people
    gone = Story(people={**people, ALICE: replace(people[ALICE], disabled=True)})
    gone.refused(PersonDisabled(ALICE)).asks(READ)
    gone.refused(PersonDisabled(ALICE)).asks(READ, requester=BOB)


def test_a_manager_asks_for_his_report_and_anybody_where_policy_says_so() -> None:
    assert Story().asks(READ, requester=BOB)[2] == (
        "stage manager of read: 1 of admin (administrators added)"
    )
    anyone = Story(policy=replace(POLICY, on_behalf=OnBehalf.ANYONE))
    assert anyone.asks(READ, requester=CAROL)[0] == "submitted read for 24h"
    nobody = Story(policy=replace(POLICY, on_behalf=OnBehalf.NOBODY))
    nobody.refused(OnBehalfNotAllowed(ALICE)).asks(READ, requester=BOB)


def test_who_is_not_of_the_groups_that_may_request_learns_of_nothing() -> None:
    closed = Story(policy=replace(POLICY, requestable_by=("finance",)))
    closed.refused(UnknownPermission(READ)).asks(READ)
    closed.refused(UnknownApp("crm")).asks()


def test_all_that_is_missing_is_named_at_once() -> None:
    fields = (FormField("ticket", "Ticket", required=True), FormField("note", "Note"))
    story = Story(policy=replace(POLICY, fields=fields))
    missing = InputMissing(("business_justification", "ticket"))
    story.refused(missing).asks(READ, justification=None)
    assert story.asks(READ, answers=(("Ticket", "T-1"),))[0] == "submitted read for 24h"


def test_what_is_held_or_open_is_not_asked_again() -> None:
    held = Story(held=(HeldAccess(READ, OTHER),))
    held.refused(AlreadyHeld(READ, OTHER)).asks(READ)
    pending = Story(pending=(HeldAccess(READ, OTHER),))
    pending.refused(AlreadyAsked(READ, OTHER)).asks(READ, WRITE)


def test_an_equal_request_that_is_open_is_answered_with_nothing_new() -> None:
    story = Story()
    story.asks(READ)
    assert story.asks(READ) == []


def test_duties_that_exclude_each_other_are_not_asked_for_together_or_beside_each_other() -> None:
    apart = (Conflict("pay", (READ, WRITE)),)
    Story(conflicts=apart).refused(ConflictOfDuties(READ, WRITE, "pay")).asks(READ, WRITE)
    holder = Story(conflicts=apart, held=(HeldAccess(WRITE, OTHER),))
    holder.refused(ConflictOfDuties(READ, WRITE, "pay")).asks(READ)
    asker = Story(conflicts=apart, pending=(HeldAccess(WRITE, OTHER),))
    asker.refused(ConflictOfDuties(READ, WRITE, "pay")).asks(READ)


def test_nobody_has_more_open_requests_than_policy_allows() -> None:
    busy = Story(policy=replace(POLICY, maximum_open=2), open_requests=2)
    busy.refused(TooManyOpen(2)).asks(READ)
    assert Story(policy=replace(POLICY, maximum_open=2), open_requests=1).asks(READ)


SHORT = PreApproval("short", groups=("sales",), longest_seconds=HOUR)


@pytest.mark.parametrize(
    ("rule", "seconds", "approved"),
    [
        (SHORT, HOUR, True),
        (SHORT, DAY, False),
        (SHORT, None, False),
        (replace(SHORT, groups=("finance",)), HOUR, False),
        (replace(SHORT, groups=()), HOUR, True),
        (replace(SHORT, attributes=(Attribute("department", "Sales"),)), HOUR, False),
        (replace(SHORT, permissions=(WRITE,)), HOUR, False),
        (replace(SHORT, permissions=(READ,)), HOUR, True),
    ],
)
def test_a_rule_approves_without_asking_whom_it_fits(
    rule: PreApproval, seconds: int | None, approved: bool
) -> None:
    story = Story(policy=replace(POLICY, pre_approvals=(rule,)))
    told = story.asks(READ, access_seconds=seconds, length_given=True)
    if approved:
        assert told[1:] == [
            "routed read by crm 3 (short) until +336h",
            "approved read for 1h by short",
            "order 1 to grant read: admin",
        ]
    else:
        assert told[-1] == "stage manager of read: 1 of bob"


BROKEN = BreakGlass(("sales",), 2 * HOUR, (ADMINISTRATORS,))


def test_glass_is_broken_by_those_whom_policy_lets_and_not_for_long() -> None:
    story = Story(policy=replace(POLICY, break_glass=BROKEN))
    assert story.asks(READ, emergency=True) == [
        "submitted read for 2h in an emergency",
        "routed read by crm 3 (break-glass) until +336h",
        "approved read for 2h by break-glass",
        "order 1 to grant read: admin",
    ]
    longer = Story(policy=replace(POLICY, break_glass=BROKEN))
    longer.refused(DurationNotOffered(DAY, (2 * HOUR,))).asks(
        READ, emergency=True, access_seconds=DAY, length_given=True
    )
    other = Story(policy=replace(POLICY, break_glass=replace(BROKEN, groups=("sre",))))
    other.refused(BreakGlassNotAllowed()).asks(READ, emergency=True)
    story.refused(StartNotAllowed())
    Story(policy=replace(POLICY, break_glass=BROKEN)).refused(StartNotAllowed()).asks(
        READ, emergency=True, starts_at=NOW + timedelta(hours=1)
    )


HELD = HeldAccess(READ, OTHER, NOW + timedelta(hours=10))


def test_what_is_held_is_made_to_last_longer_by_a_request_of_its_own() -> None:
    story = Story(held=(HELD,))
    assert story.asks(READ, extends=OTHER)[0] == "submitted read for 24h extends r-0"
    at_once = Story(held=(HELD,), policy=replace(POLICY, extension=Extension.AUTOMATIC))
    assert at_once.asks(READ, extends=OTHER) == [
        "submitted read for 24h extends r-0",
        "routed read by crm 3 (extension) until +336h",
        "approved read for 24h by extension",
        "complete read",
        "closed COMPLETED: read COMPLETED",
    ]


@pytest.mark.parametrize(
    ("story", "changes", "refusal"),
    [
        (Story(), {}, NotHeld(READ)),
        (Story(held=(HeldAccess(READ, OTHER),)), {}, NotHeld(READ)),
        (Story(held=(replace(HELD, ending=True),)), {}, NotHeld(READ)),
        (Story(held=(replace(HELD, request_id=RequestId("r-9")),)), {}, NotHeld(READ)),
        (
            Story(held=(HELD,), policy=replace(POLICY, extension=Extension.REFUSED)),
            {},
            ExtensionNotAllowed(READ),
        ),
        (
            Story(held=(HELD,)),
            {"access_seconds": HOUR, "length_given": True},
            ExtensionTooShort(READ),
        ),
        (
            Story(held=(HELD,), pending=(HeldAccess(READ, OTHER),)),
            {},
            AlreadyAsked(READ, OTHER),
        ),
        (Story(held=(HELD,)), {"starts_at": NOW + timedelta(hours=1)}, StartNotAllowed()),
    ],
)
def test_what_cannot_be_made_longer(
    story: Story, changes: dict[str, Any], refusal: Refused
) -> None:
    story.refused(refusal).asks(READ, extends=OTHER, **changes)
