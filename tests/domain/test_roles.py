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
    PersonForgotten,
    PersonRecord,
    PersonRegistered,
    PutPerson,
    RevokeRole,
    Role,
    RoleFacts,
    RoleGranted,
    RoleRevoked,
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


def with_roles(*roles: Role) -> PersonRecord:
    return replace(RECORD, roles=tuple(sorted(roles)))


def given(*more: RoleGranted | RoleRevoked | PersonChanged | PersonForgotten) -> Spec:
    return Spec(person.DECIDER).given(REGISTERED, *more)


def test_a_role_is_given_and_taken_and_the_same_wish_again_is_no_event() -> None:
    given().when(GRANT, KNOWN).then(GRANTED)
    given(GRANTED).when(GRANT, KNOWN).then()
    given(GRANTED).when(REVOKE, KNOWN).then(REVOKED)
    given(GRANTED, REVOKED).when(REVOKE, KNOWN).then()
    given().when(REVOKE, KNOWN).then()
    given(GRANTED, REVOKED).when(GRANT, KNOWN).then(GRANTED)


@pytest.mark.parametrize("command", [GRANT, REVOKE])
@pytest.mark.parametrize(
    "giver", [None, seeds.person(BOB), replace(BOSS, disabled=True)], ids=["nobody", "no", "left"]
)
def test_only_an_administrator_gives_and_takes(
    command: GrantRole | RevokeRole, giver: PersonRecord | None
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
    ],
)
def test_a_role_is_not_changed_where_it_would_mislead(
    history: tuple[PersonChanged | PersonForgotten | RoleGranted, ...],
    command: GrantRole | RevokeRole,
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
    given(GRANTED, REVOKED).when(PutPerson(ALICE, with_roles(EMPLOYEE, AUDITOR))).then()


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
