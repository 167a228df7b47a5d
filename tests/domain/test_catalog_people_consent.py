"""The rules of the catalog, of people and of consents."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain import catalog, consent, person
from domain.catalog import (
    AppAdded,
    AppChanged,
    AppRecord,
    AppRetired,
    PermissionAdded,
    PermissionChanged,
    PermissionRecord,
    PermissionRetired,
    PutApp,
    PutPermission,
    RetireApp,
    RetirePermission,
)
from domain.consent import (
    ConsentGiven,
    ConsentNarrowed,
    ConsentRevoked,
    ConsentWidened,
    GiveConsent,
    RevokeConsent,
)
from domain.errors import (
    IdentityOfAnother,
    MalformedText,
    NameTaken,
    Refused,
    TextTooLong,
    UnknownPerson,
)
from domain.person import (
    IdentityFacts,
    IdentityLinked,
    LinkIdentity,
    NameFacts,
    PersonChanged,
    PersonRegistered,
    PutPerson,
    username_key,
)
from domain.values import AppId, Client, ClientId, ConsentId, PermissionId, Personal
from tests import seeds
from tests.seeds import ALICE, BOB, CRM, READER
from tests.spec import Spec

APP = AppRecord("Sales CRM", "Customers.", logo_url="https://crm.example/logo.png")
ROLE = PermissionRecord(CRM, "Sales CRM / Reader")


def test_an_app_is_added_changed_retired_and_added_again() -> None:
    renamed = replace(APP, name="CRM")
    apps = Spec(catalog.APP)
    apps.given().when(PutApp(CRM, APP)).then(AppAdded(CRM, APP))
    apps.given(AppAdded(CRM, APP)).when(PutApp(CRM, APP)).then()
    apps.given(AppAdded(CRM, APP)).when(PutApp(CRM, renamed)).then(AppChanged(CRM, renamed))
    apps.given(AppAdded(CRM, APP)).when(RetireApp(CRM)).then(AppRetired(CRM))
    apps.given(AppAdded(CRM, APP), AppRetired(CRM)).when(RetireApp(CRM)).then()
    apps.given(AppAdded(CRM, APP), AppRetired(CRM)).when(PutApp(CRM, APP)).then(AppAdded(CRM, APP))


def test_a_permission_is_added_changed_and_retired() -> None:
    relabelled = replace(ROLE, label="Reader")
    permissions = Spec(catalog.PERMISSION)
    permissions.given().when(PutPermission(READER, ROLE)).then(PermissionAdded(READER, ROLE))
    there = permissions.given(PermissionAdded(READER, ROLE))
    there.when(PutPermission(READER, ROLE)).then()
    there.when(PutPermission(READER, relabelled)).then(PermissionChanged(READER, relabelled))
    there.when(RetirePermission(READER)).then(PermissionRetired(READER, CRM))
    permissions.given().when(RetirePermission(READER)).then()


def test_texts_of_the_catalog_are_cleaned_before_they_are_compared() -> None:
    messy = replace(APP, name=" Sales\u200b CRM\u202e ")
    Spec(catalog.APP).given(AppAdded(CRM, APP)).when(PutApp(CRM, messy)).then()


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": ""}, MalformedText("name")),
        ({"name": "\u200b"}, MalformedText("name")),
        ({"name": "x" * 201}, TextTooLong("name", 200)),
        ({"audience": "two words"}, MalformedText("audience")),
        ({"logo_url": "javascript:alert(1)"}, MalformedText("logo_url")),
        ({"website_url": "https://a b"}, MalformedText("website_url")),
    ],
)
def test_an_app_that_breaks_a_rule_is_refused_with_its_field(
    changes: dict[str, object], refusal: Refused
) -> None:
    record = replace(APP, **changes)  # type: ignore[arg-type]  # fields by name
    Spec(catalog.APP).given().when(PutApp(CRM, record)).refused(refusal)


@pytest.mark.parametrize("name", ["", "two words", "ünï", "x" * 201, "tab\t"])
def test_an_id_must_survive_as_a_key(name: str) -> None:
    Spec(catalog.APP).given().when(PutApp(AppId(name), APP)).refused(MalformedText("app_id"))
    Spec(catalog.PERMISSION).given().when(PutPermission(PermissionId(name), ROLE)).refused(
        MalformedText("permission_id")
    )


def test_a_person_is_registered_and_changed_and_groups_are_a_set() -> None:
    record = seeds.person(ALICE, groups=("a", "b"))
    people = Spec(person.DECIDER)
    people.given().when(PutPerson(ALICE, record)).then(PersonRegistered(ALICE, record))
    shuffled = replace(record, groups=("b", "a", "b"))
    people.given(PersonRegistered(ALICE, record)).when(PutPerson(ALICE, shuffled)).then()
    gone = replace(record, disabled=True)
    people.given(PersonRegistered(ALICE, record)).when(PutPerson(ALICE, gone)).then(
        PersonChanged(ALICE, gone)
    )


def test_a_person_needs_a_user_name_that_can_be_typed() -> None:
    record = replace(seeds.person(ALICE), username=Personal(ALICE, "al ice"))
    Spec(person.DECIDER).given().when(PutPerson(ALICE, record)).refused(MalformedText("username"))


TAKEN = NameFacts(BOB)


def test_a_name_that_another_has_is_refused_to_whoever_is_new() -> None:
    record = seeds.person(ALICE)
    Spec(person.DECIDER).given().when(PutPerson(ALICE, record), TAKEN).refused(NameTaken("alice"))
    renamed = replace(record, username=Personal(ALICE, "BOB"))
    people = Spec(person.DECIDER).given(PersonRegistered(ALICE, record))
    people.when(PutPerson(ALICE, renamed), TAKEN).refused(NameTaken("BOB"))
    people.when(PutPerson(ALICE, renamed), NameFacts(None)).then(PersonChanged(ALICE, renamed))


def test_two_who_share_a_name_from_before_keep_it_and_change_otherwise() -> None:
    record = seeds.person(ALICE)
    moved = replace(record, groups=("sales",))
    people = Spec(person.DECIDER).given(PersonRegistered(ALICE, record))
    people.when(PutPerson(ALICE, moved), TAKEN).then(PersonChanged(ALICE, moved))


def test_a_name_is_the_same_in_big_and_small_letters_and_no_sign_stands_for_another() -> None:
    assert username_key("Alice.B@Example") == username_key("alice.b@EXAMPLE")
    for looks_alike in ("\u212aim", "\uff4bim", "k\u0131m"):
        assert username_key(looks_alike) != username_key("kim")


ISSUER = "https://id.example"
REGISTERED = PersonRegistered(ALICE, seeds.person(ALICE))
LINK = LinkIdentity(ALICE, ISSUER, Personal(ALICE, "s-1"))
LINKED = IdentityLinked(ALICE, ISSUER, Personal(ALICE, "s-1"))


def test_an_identity_is_linked_once_and_a_person_may_have_several() -> None:
    people = Spec(person.DECIDER)
    people.given(REGISTERED).when(LINK, IdentityFacts(None)).then(LINKED)
    people.given(REGISTERED, LINKED).when(LINK, IdentityFacts(ALICE)).then()
    other = replace(LINK, issuer="https://other.example")
    people.given(REGISTERED, LINKED).when(other, IdentityFacts(None)).then(
        replace(LINKED, issuer="https://other.example")
    )


def test_linking_an_identity_leaves_the_directorys_record_as_it_is() -> None:
    history = (REGISTERED, LINKED)
    Spec(person.DECIDER).given(*history).when(PutPerson(ALICE, REGISTERED.record)).then()


def test_nobody_takes_over_the_identity_of_another() -> None:
    people = Spec(person.DECIDER)
    people.given(REGISTERED).when(LINK, IdentityFacts(BOB)).refused(IdentityOfAnother())


def test_an_identity_needs_a_person_that_is_known() -> None:
    Spec(person.DECIDER).given().when(LINK, IdentityFacts(None)).refused(UnknownPerson(ALICE))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"issuer": ""}, MalformedText("issuer")),
        ({"issuer": "https://id example"}, MalformedText("issuer")),
        ({"subject": Personal(ALICE, "")}, MalformedText("subject")),
        ({"subject": Personal(ALICE, "s-\u200b1")}, MalformedText("subject")),
        ({"subject": Personal(ALICE, "s\0")}, MalformedText("subject")),
        ({"subject": Personal(ALICE, "x" * 256)}, TextTooLong("subject", 255)),
    ],
)
def test_an_identity_that_breaks_a_rule_of_form_is_refused(
    changes: dict[str, object], refusal: Refused
) -> None:
    link = replace(LINK, **changes)  # type: ignore[arg-type]  # fields by name
    Spec(person.DECIDER).given(REGISTERED).when(link, IdentityFacts(None)).refused(refusal)


CONSENT = ConsentId("c-1")
CLIENT = Client(ClientId("client"), "A client")
GIVE = GiveConsent(CONSENT, ALICE, CLIENT, "https://r", "http://127.0.0.1", ("read",))
GIVEN = ConsentGiven(CONSENT, ALICE, CLIENT, "https://r", "http://127.0.0.1", ("read",), "")
REVOKED = ConsentRevoked(CONSENT, ALICE, CLIENT)


def test_a_consent_is_given_widened_revoked_and_given_again() -> None:
    consents = Spec(consent.DECIDER)
    consents.given().when(GIVE).then(GIVEN)
    consents.given(GIVEN).when(GIVE).then()
    wider = replace(GIVE, scopes=("write",))
    widened = ConsentWidened(CONSENT, ALICE, CLIENT, ("read", "write"), ("write",))
    consents.given(GIVEN).when(wider).then(widened)
    consents.given(GIVEN, widened).when(GIVE).then()
    consents.given(GIVEN).when(RevokeConsent(CONSENT)).then(REVOKED)
    consents.given(GIVEN, REVOKED).when(RevokeConsent(CONSENT)).then()
    consents.given(GIVEN, REVOKED).when(wider).then(replace(GIVEN, scopes=("write",)))


def test_what_is_declined_is_taken_back_and_nothing_that_never_stood() -> None:
    consents = Spec(consent.DECIDER)
    both = replace(GIVEN, scopes=("read", "write"))
    narrower = replace(GIVE, declined=("write",))
    narrowed = ConsentNarrowed(CONSENT, ALICE, CLIENT, ("read",), ("write",))
    consents.given(both).when(narrower).then(narrowed)
    consents.given(GIVEN).when(narrower).then()
    swapped = replace(GIVE, scopes=("write",), declined=("read",))
    widened = ConsentWidened(CONSENT, ALICE, CLIENT, ("read", "write"), ("write",))
    taken = ConsentNarrowed(CONSENT, ALICE, CLIENT, ("write",), ("read",))
    consents.given(GIVEN).when(swapped).then(widened, taken)


def test_a_consent_to_a_client_that_has_changed_is_given_anew() -> None:
    changed = replace(GIVE, scopes=("write",), client_digest="another")
    given_anew = replace(GIVEN, scopes=("write",), client_digest="another")
    Spec(consent.DECIDER).given(GIVEN).when(changed).then(given_anew)
