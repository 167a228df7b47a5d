"""Who gives whom which role, and what the directory's word counts beside that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain import person
from domain.errors import (
    AdministratorsOnly,
    LastAdministrator,
    OwnRole,
    PersonDisabled,
    Refused,
    StaleVersion,
    UnknownPerson,
)
from domain.person import (
    GrantRole,
    PersonChanged,
    PersonEvent,
    PersonForgotten,
    PersonRecord,
    PersonRegistered,
    PutPerson,
    ReleaseRole,
    RevokeRole,
    Role,
    RoleCommand,
    RoleFacts,
    RoleGranted,
    RoleReleased,
    RoleRevoked,
    RolesDescribed,
    as_described,
)
from tests import seeds
from tests.seeds import ALICE, BOB
from tests.spec import Spec

EMPLOYEE, ADMINISTRATOR, AUDITOR = Role.EMPLOYEE, Role.ADMINISTRATOR, Role.AUDITOR
RECORD = seeds.person(ALICE)
BOSS = seeds.person(BOB, roles=(EMPLOYEE, ADMINISTRATOR))
REGISTERED = PersonRegistered(ALICE, RECORD)
KNOWN = RoleFacts(1, BOSS, other_administrators=True)
GRANT = GrantRole(ALICE, AUDITOR, BOB)
REVOKE = RevokeRole(ALICE, AUDITOR, BOB)
GRANTED = RoleGranted(ALICE, AUDITOR, (AUDITOR, EMPLOYEE))
REVOKED = RoleRevoked(ALICE, AUDITOR, (EMPLOYEE,))
RELEASE = ReleaseRole(ALICE, AUDITOR, BOB)
RELEASED = RoleReleased(ALICE, AUDITOR, (EMPLOYEE,))


def with_roles(*roles: Role) -> PersonRecord:
    return replace(RECORD, roles=tuple(sorted(roles)))


def given(*more: PersonEvent) -> Spec:
    return Spec(person.DECIDER).given(REGISTERED, *more)


def test_a_role_is_given_and_taken_and_the_same_wish_again_is_no_event() -> None:
    given().when(GRANT, KNOWN).then(GRANTED)
    given(GRANTED).when(GRANT, KNOWN).then()
    given(GRANTED).when(REVOKE, KNOWN).then(REVOKED)
    given(GRANTED, REVOKED).when(REVOKE, KNOWN).then()
    given().when(REVOKE, KNOWN).then()
    given(GRANTED, REVOKED).when(GRANT, KNOWN).then(GRANTED)


@pytest.mark.parametrize("command", [GRANT, REVOKE, RELEASE])
@pytest.mark.parametrize(
    "giver", [None, seeds.person(BOB), replace(BOSS, disabled=True)], ids=["nobody", "no", "left"]
)
def test_only_an_administrator_gives_and_takes(
    command: RoleCommand, giver: PersonRecord | None
) -> None:
    facts = replace(KNOWN, giver=giver)
    given(GRANTED).when(command, facts).refused(AdministratorsOnly())
    Spec(person.DECIDER).given().when(command, facts).refused(AdministratorsOnly())


def test_the_operator_at_the_command_line_needs_no_role() -> None:
    given().when(replace(GRANT, by=None), RoleFacts()).then(GRANTED)


def test_nobody_gives_himself_a_role_that_he_lacks() -> None:
    boss = with_roles(EMPLOYEE, ADMINISTRATOR)
    own, facts = replace(GRANT, by=ALICE), replace(KNOWN, giver=boss)
    history = given(PersonChanged(ALICE, boss))
    history.when(own, facts).refused(OwnRole(AUDITOR))
    history.when(replace(own, role=ADMINISTRATOR), facts).then()


def test_an_administrator_may_give_up_his_own_role_unless_he_is_the_last() -> None:
    boss = with_roles(EMPLOYEE, ADMINISTRATOR)
    history = given(PersonChanged(ALICE, boss))
    own = RevokeRole(ALICE, ADMINISTRATOR, ALICE)
    facts = replace(KNOWN, giver=boss)
    history.when(own, facts).then(RoleRevoked(ALICE, ADMINISTRATOR, (EMPLOYEE,)))
    last = replace(facts, other_administrators=False)
    history.when(own, last).refused(LastAdministrator())
    history.when(replace(own, by=None), last).refused(LastAdministrator())
    history.when(replace(own, role=EMPLOYEE), last).then(
        RoleRevoked(ALICE, EMPLOYEE, (ADMINISTRATOR,))
    )


def test_one_who_is_disabled_was_no_administrator_any_more() -> None:
    left = replace(with_roles(EMPLOYEE, ADMINISTRATOR), disabled=True)
    taken = RevokeRole(ALICE, ADMINISTRATOR)
    gone = RoleRevoked(ALICE, ADMINISTRATOR, (EMPLOYEE,))
    given(PersonChanged(ALICE, left)).when(taken, RoleFacts()).then(gone)


@pytest.mark.parametrize(
    ("history", "command", "refusal"),
    [
        ((PersonChanged(ALICE, replace(RECORD, disabled=True)),), GRANT, PersonDisabled(ALICE)),
        (
            (PersonChanged(ALICE, replace(RECORD, disabled=True)), PersonForgotten(ALICE)),
            GRANT,
            UnknownPerson(ALICE),
        ),
        ((), replace(GRANT, expected_version=3), StaleVersion(3, 1)),
        ((GRANTED,), replace(REVOKE, expected_version=0), StaleVersion(0, 1)),
        ((GRANTED,), replace(RELEASE, expected_version=0), StaleVersion(0, 1)),
        (
            (GRANTED, PersonForgotten(ALICE)),
            RELEASE,
            UnknownPerson(ALICE),
        ),
    ],
)
def test_a_role_is_not_changed_where_it_would_mislead(
    history: tuple[PersonEvent, ...],
    command: RoleCommand,
    refusal: Refused,
) -> None:
    given(*history).when(command, KNOWN).refused(refusal)


def test_who_saw_the_present_version_may_and_a_fulfilled_wish_is_never_stale() -> None:
    given().when(replace(GRANT, expected_version=1), KNOWN).then(GRANTED)
    given(GRANTED).when(replace(GRANT, expected_version=1), replace(KNOWN, version=2)).then()


def test_a_person_must_be_known() -> None:
    Spec(person.DECIDER).given().when(GRANT, KNOWN).refused(UnknownPerson(ALICE))


def test_what_was_decided_by_hand_stands_against_the_directory() -> None:
    renamed = replace(RECORD, groups=("sales",))
    kept = replace(renamed, roles=(AUDITOR, EMPLOYEE))
    given(GRANTED).when(PutPerson(ALICE, RECORD)).then()
    given(GRANTED).when(PutPerson(ALICE, renamed)).then(PersonChanged(ALICE, kept))
    given(GRANTED, REVOKED).when(PutPerson(ALICE, with_roles(EMPLOYEE, AUDITOR))).then(
        RolesDescribed(ALICE, (AUDITOR, EMPLOYEE))
    )


def test_the_directory_speaks_for_the_roles_that_nobody_has_decided_on() -> None:
    boss = with_roles(EMPLOYEE, ADMINISTRATOR)
    both = replace(boss, roles=(ADMINISTRATOR, AUDITOR, EMPLOYEE))
    given(GRANTED).when(PutPerson(ALICE, boss)).then(PersonChanged(ALICE, both))
    given(GRANTED, PersonChanged(ALICE, both)).when(PutPerson(ALICE, RECORD)).then(
        PersonChanged(ALICE, with_roles(EMPLOYEE, AUDITOR))
    )


def test_the_directory_may_disable_even_the_last_administrator() -> None:
    boss = with_roles(EMPLOYEE, ADMINISTRATOR)
    left = replace(boss, disabled=True)
    given(PersonChanged(ALICE, boss)).when(PutPerson(ALICE, left)).then(PersonChanged(ALICE, left))


def described_roles(*history: PersonEvent) -> tuple[Role, ...]:
    record = as_described(person.DECIDER.fold([REGISTERED, *history]))
    assert record is not None
    return record.roles


def test_a_role_that_is_released_is_what_the_directory_says() -> None:
    given(GRANTED).when(RELEASE, KNOWN).then(RELEASED)
    given(GRANTED, REVOKED).when(RELEASE, KNOWN).then(RELEASED)
    auditor = PersonRegistered(ALICE, with_roles(EMPLOYEE, AUDITOR))
    back = RoleReleased(ALICE, AUDITOR, (AUDITOR, EMPLOYEE))
    Spec(person.DECIDER).given(auditor, REVOKED).when(RELEASE, KNOWN).then(back)
    Spec(person.DECIDER).given(auditor, REVOKED, GRANTED).when(RELEASE, KNOWN).then(back)


def test_what_nobody_has_decided_by_hand_is_the_directorys_already() -> None:
    given().when(RELEASE, KNOWN).then()
    given(GRANTED).when(replace(RELEASE, role=ADMINISTRATOR), KNOWN).then()
    given(GRANTED, RELEASED).when(replace(RELEASE, expected_version=0), KNOWN).then()


def test_the_directorys_word_of_the_meantime_counts_after_the_release() -> None:
    auditor = PersonChanged(ALICE, with_roles(EMPLOYEE, AUDITOR))
    said = RolesDescribed(ALICE, (AUDITOR, EMPLOYEE))
    told = PutPerson(ALICE, auditor.record)
    back = RoleReleased(ALICE, AUDITOR, (AUDITOR, EMPLOYEE))
    given(GRANTED).when(told).then(said)
    given(GRANTED, said).when(told).then()
    given(GRANTED, said).when(RELEASE, KNOWN).then(back)
    given(GRANTED, said).when(PutPerson(ALICE, RECORD)).then(RolesDescribed(ALICE, (EMPLOYEE,)))
    unsaid = RolesDescribed(ALICE, (EMPLOYEE,))
    given(GRANTED, said, unsaid).when(RELEASE, KNOWN).then(RELEASED)
    given(GRANTED, said, back).when(PutPerson(ALICE, RECORD)).then(PersonChanged(ALICE, RECORD))


def test_the_record_and_the_word_may_change_at_once() -> None:
    moved = replace(with_roles(EMPLOYEE, ADMINISTRATOR), groups=("sales",))
    taken = RoleRevoked(ALICE, ADMINISTRATOR, (EMPLOYEE,))
    given(taken).when(PutPerson(ALICE, moved)).then(
        PersonChanged(ALICE, replace(moved, roles=(EMPLOYEE,))),
        RolesDescribed(ALICE, (ADMINISTRATOR, EMPLOYEE)),
    )


def test_what_is_held_by_hand_alone_is_not_taken_for_the_directorys_word() -> None:
    """Events of the time before the word was kept say what was held; no more was known then."""
    held = PersonChanged(ALICE, replace(with_roles(EMPLOYEE, AUDITOR), groups=("sales",)))
    assert described_roles(GRANTED, held) == (EMPLOYEE,)
    assert described_roles(PersonChanged(ALICE, with_roles(EMPLOYEE, AUDITOR)), REVOKED) == (
        AUDITOR,
        EMPLOYEE,
    )
    given(GRANTED, held).when(RELEASE, KNOWN).then(RELEASED)


def test_nobody_gives_himself_a_role_back() -> None:
    boss = with_roles(EMPLOYEE, ADMINISTRATOR, AUDITOR)
    kept = replace(boss, roles=(ADMINISTRATOR, EMPLOYEE))
    taken = RoleRevoked(ALICE, AUDITOR, kept.roles)
    facts = replace(KNOWN, giver=kept)
    history = given(PersonChanged(ALICE, boss), taken)
    history.when(replace(RELEASE, by=ALICE), facts).refused(OwnRole(AUDITOR))
    history.when(RELEASE, KNOWN).then(RoleReleased(ALICE, AUDITOR, boss.roles))


def test_nobody_has_a_role_back_while_he_is_disabled_but_may_lose_it() -> None:
    left = replace(with_roles(EMPLOYEE, AUDITOR), disabled=True)
    gone = PersonChanged(ALICE, replace(left, roles=(EMPLOYEE,)))
    word = RolesDescribed(ALICE, left.roles)
    given(GRANTED, REVOKED, gone, word).when(RELEASE, KNOWN).refused(PersonDisabled(ALICE))
    given(GRANTED, PersonChanged(ALICE, left)).when(RELEASE, KNOWN).then(RELEASED)


def test_the_last_administrator_is_not_left_to_a_directory_that_does_not_name_him() -> None:
    named = RoleGranted(ALICE, ADMINISTRATOR, (ADMINISTRATOR, EMPLOYEE))
    release = replace(RELEASE, role=ADMINISTRATOR)
    last = replace(KNOWN, other_administrators=False)
    given(named).when(release, last).refused(LastAdministrator())
    given(named).when(replace(release, by=None), last).refused(LastAdministrator())
    gone = RoleReleased(ALICE, ADMINISTRATOR, (EMPLOYEE,))
    own = replace(KNOWN, giver=with_roles(EMPLOYEE, ADMINISTRATOR))
    given(named).when(replace(release, by=ALICE), own).then(gone)
    said = RolesDescribed(ALICE, (ADMINISTRATOR, EMPLOYEE))
    given(named, said).when(release, last).then(
        RoleReleased(ALICE, ADMINISTRATOR, (ADMINISTRATOR, EMPLOYEE))
    )
