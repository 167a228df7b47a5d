"""What claims make of the directory's record of a person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain import person
from domain.person import PersonRecord, PutPerson, Role
from domain.values import PersonId
from server.config import Settings
from server.sign_in.claims import Claims, Described, first_person_id, record_of
from tests import seeds
from tests.seeds import ALICE, BOB

ISSUER = "https://id.example"
ROLES = {"it admins": Role.ADMINISTRATOR, "audit": Role.AUDITOR}
SETTINGS = Settings(oidc_issuer=ISSUER, oidc_client_id="doorward", oidc_roles=ROLES)
PRESENT = seeds.person(ALICE, manager=BOB, groups=("sales",), roles=(Role.APPROVER,))


def somebody(subject: str) -> PersonId:
    return PersonId(f"p-{subject}")


def mapped(
    claims: Claims, present: PersonRecord | None = PRESENT, settings: Settings = SETTINGS
) -> PersonRecord:
    """Return the record, which the domain must take as it is."""
    record = record_of(claims, settings, Described(ALICE, present), somebody)
    (event,) = person.decide(person.Person(), PutPerson(ALICE, record), None)
    assert isinstance(event, person.PersonRegistered)
    assert event.record == record
    return record


def test_claims_that_say_nothing_change_nothing_but_make_him_an_employee() -> None:
    roles = (Role.APPROVER, Role.EMPLOYEE)
    assert mapped({"sub": "s-1"}) == replace(PRESENT, roles=roles)


def test_a_person_whom_only_his_subject_describes_is_named_by_it() -> None:
    record = mapped({"sub": "s-1"}, present=None)
    assert record.username.text == "s-1"
    assert record.roles == (Role.EMPLOYEE,)
    assert mapped({"sub": "Jürgen Ü"}, present=None).username.text == ALICE


@pytest.mark.parametrize("name", ["al ice", "älice", "", "x" * 201, 7, None])
def test_a_user_name_that_is_none_leaves_the_present_one(name: object) -> None:
    assert mapped({"preferred_username": name}).username.text == "alice"


def test_another_claim_may_hold_the_user_name() -> None:
    settings = replace(SETTINGS, oidc_username_claim="upn")
    assert mapped({"upn": "a@b.example"}, settings=settings).username.text == "a@b.example"


def test_a_whole_name_stands_in_for_one_that_is_given_in_no_parts() -> None:
    record = mapped({"sub": "s-1", "name": "Cher"}, present=None)
    assert (record.given_name.text, record.family_name.text) == ("Cher", "")
    assert mapped({"name": "Alice X. Example"}).given_name.text == "Alice"


def test_names_are_cleaned_and_cut_to_what_the_domain_takes() -> None:
    assert mapped({"given_name": " A\u202elice\0 "}).given_name.text == "Alice"
    assert len(mapped({"given_name": "x" * 999}).given_name.text) == 200
    lengthened_by_normalization = "\ufb2c" * 200
    assert len(mapped({"given_name": lengthened_by_normalization}).given_name.text) == 200


@pytest.mark.parametrize("checked", [False, "false"])
def test_an_address_that_nobody_checked_is_not_taken(checked: object) -> None:
    claims = {"email": "boss@example.com", "email_verified": checked}
    assert mapped(claims).email.text == "alice@example.com"
    assert mapped({"email": "new@example.com"}).email.text == "new@example.com"


def test_groups_that_can_be_no_audience_are_dropped_but_still_give_roles() -> None:
    record = mapped({"groups": ["it admins", "sales", "sales", "", "é", 5, None, {"a": 1}]})
    assert record.groups == ("sales",)
    assert record.roles == (Role.ADMINISTRATOR, Role.EMPLOYEE)


def test_a_role_goes_with_its_group() -> None:
    administrator = mapped({"groups": ["it admins"]})
    assert mapped({"groups": []}, present=administrator).roles == (Role.EMPLOYEE,)
    assert mapped({"groups": "audit"}, present=administrator).roles == (
        Role.AUDITOR,
        Role.EMPLOYEE,
    )


def test_where_no_group_gives_a_role_roles_are_the_directorys() -> None:
    settings = replace(SETTINGS, oidc_roles={})
    record = mapped({"groups": ["it admins"]}, settings=settings)
    assert record.roles == (Role.APPROVER, Role.EMPLOYEE)


def test_a_claim_of_roles_gives_none() -> None:
    claims = {"roles": ["administrator"], "disabled": True}
    record = mapped(claims)
    assert Role.ADMINISTRATOR not in record.roles
    assert not record.disabled


@pytest.mark.parametrize("manager", [None, "", "s\0", "x" * 256, 7, ["s-2"], {"value": "s-2"}])
def test_a_manager_who_can_be_nobody_leaves_the_present_one(manager: object) -> None:
    assert mapped({"manager": manager}).manager == BOB


def test_a_manager_is_the_person_whom_the_subject_is_here_and_never_oneself() -> None:
    assert mapped({"manager": "s-2"}).manager == "p-s-2"
    assert mapped({"manager": "alice"}).manager == BOB


def test_a_disabled_person_stays_disabled() -> None:
    assert mapped({"disabled": False}, present=replace(PRESENT, disabled=True)).disabled


def test_the_first_id_of_an_identity_is_its_own_and_always_the_same() -> None:
    ids = [first_person_id(ISSUER, "a"), first_person_id(ISSUER, "b")]
    ids.append(first_person_id("https://other.example", "a"))
    assert len(set(ids)) == 3
    assert first_person_id(ISSUER, "a") == ids[0]
