"""The pages of roles and features: administrators alone see them, and a form changes what it showed or nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.feature import EnableFeature, FeatureDisabled, FeatureEnabled
from domain.person import GrantRole, RevokeRole, Role, RoleGranted, RoleReleased, RoleRevoked
from domain.values import Via
from server.wiring import System
from tests.admin_pages.visitor import fields, text, visit
from tests.seeds import ALICE, BOB, CAROL
from tests.web import Web, web_of

pytestmark = pytest.mark.anyio
ROLES, FEATURES = "/admin/roles", "/admin/features"
OF_ALICE = f"{ROLES}?person=alice"
CANCEL = "cancel_access_request"
AUDITOR = "the role auditor"


async def test_an_administrator_turns_a_feature_on_and_off_and_reads_who_did(web: Web) -> None:
    wire = await web.wire("alice")
    bob, page = await visit(web, "bob", FEATURES)
    assert "nobody has turned it on yet" in text(page)
    page = await bob.press(page, f"Turn on {CANCEL}")
    assert "It is done" in text(page)
    assert "by Bob Example" in text(page)
    assert CANCEL in await wire.tools()
    await bob.press(page, f"Turn off {CANCEL}")
    assert CANCEL not in await wire.tools()
    kinds = [type(one) for one in web.events(FeatureEnabled, FeatureDisabled)]
    assert kinds == [FeatureEnabled, FeatureDisabled]
    actor = list(web.system.store.events_after(0, 10_000))[-1].envelope.actor
    assert (actor.via, actor.subject) == (Via.WEB, BOB)


async def test_an_administrator_gives_and_takes_a_role_and_reads_who_did(web: Web) -> None:
    bob, _ = await visit(web, "bob", ROLES)
    page = await bob.open(OF_ALICE)
    page = await bob.press(page, f"Give {AUDITOR}")
    assert "Bob Example gave the role auditor" in text(page)
    page = await bob.press(page, f"Take {AUDITOR} away")
    assert "Bob Example took the role auditor" in text(page)
    assert [one.person_id for one in web.events(RoleGranted)][-1] == ALICE
    assert [one.role for one in web.events(RoleRevoked)] == [Role.AUDITOR]


async def test_an_administrator_gives_a_role_back_to_the_directory(web: Web) -> None:
    bob, _ = await visit(web, "bob", ROLES)
    page = await bob.open(OF_ALICE)
    assert "Release" not in text(page)
    page = await bob.press(page, f"Give {AUDITOR}")
    assert "Decided by hand; the directory says no." in text(page)
    page = await bob.press(page, f"Release {AUDITOR} to the directory")
    assert "Bob Example released the role auditor" in text(page)
    assert "the directory says no" not in text(page)
    (released,) = web.events(RoleReleased)
    assert (released.person_id, released.roles) == (ALICE, (Role.EMPLOYEE,))


async def test_the_page_says_what_the_directory_would_give_back(web: Web) -> None:
    await web.execute(RevokeRole(ALICE, Role.EMPLOYEE))
    bob, _ = await visit(web, "bob", ROLES)
    page = await bob.open(OF_ALICE)
    assert "Decided by hand; the directory says yes." in text(page)
    page = await bob.press(page, "Release the role employee to the directory")
    assert web.events(RoleReleased)[-1].roles == (Role.EMPLOYEE,)
    page = await bob.open(f"{ROLES}?person={BOB}")
    await web.execute(RevokeRole(CAROL, Role.ADMINISTRATOR))
    answer = await bob.press(page, "Release the role administrator to the directory")
    assert (answer.status_code, "last administrator" in text(answer)) == (409, True)


@pytest.mark.parametrize("path", [ROLES, FEATURES])
async def test_others_see_neither_page_and_send_no_form_of_it(web: Web, path: str) -> None:
    alice, page = await visit(web, "alice", path)
    assert page.status_code == 403
    answer = await alice.post(path, {"name": CANCEL, "state": "on", "version": "0"})
    assert (answer.status_code, web.events(FeatureEnabled)) == (403, [])


@pytest.mark.parametrize("path", [ROLES, FEATURES])
async def test_a_form_of_who_administers_no_more_is_refused(web: Web, path: str) -> None:
    bob, page = await visit(web, "bob", path)
    if path == ROLES:
        page = await bob.open(OF_ALICE)
    label = f"Give {AUDITOR}" if path == ROLES else f"Turn on {CANCEL}"
    form = fields(page, label)
    await web.execute(RevokeRole(BOB, Role.ADMINISTRATOR))
    head = web.system.store.head()
    assert (await bob.post(path, form)).status_code == 403
    assert web.system.store.head() == head


async def test_a_form_for_one_thing_is_good_for_no_other_nor_from_elsewhere(web: Web) -> None:
    bob, page = await visit(web, "bob", FEATURES)
    form = fields(page, f"Turn on {CANCEL}")
    head = web.system.store.head()
    for changed, headers in (
        ({"name": "get_access_request"}, {}),
        ({"state": "off"}, {}),
        ({"csrf": ""}, {}),
        ({"csrf": "é"}, {}),
        ({}, {"origin": "https://evil.example"}),
        ({}, {"sec-fetch-site": "cross-site"}),
    ):
        answer = await bob.post(FEATURES, {**form, **changed}, **headers)
        assert answer.status_code == 403, changed
    page = await bob.open(OF_ALICE)
    form = fields(page, f"Give {AUDITOR}")
    others: tuple[dict[str, str], ...] = (
        {"role": "administrator"},
        {"person": str(CAROL)},
        {"wish": "revoke"},
        {"wish": "release"},
        {"wish": "every"},
    )
    for other in others:
        assert (await bob.post(ROLES, {**form, **other})).status_code == 403, other
    assert web.system.store.head() == head


async def test_a_page_that_is_out_of_date_changes_nothing(web: Web) -> None:
    bob, features = await visit(web, "bob", FEATURES)
    roles = await bob.open(OF_ALICE)
    await web.execute(GrantRole(ALICE, Role.APPROVER))
    await web.execute(EnableFeature("get_access_request"))
    head = web.system.store.head()
    answer = await bob.press(roles, f"Give {AUDITOR}")
    assert (answer.status_code, "it is now 2" in text(answer)) == (409, True)
    for version in ("", "-1", "x", "9" * 30):
        answer = await bob.press(features, f"Turn on {CANCEL}", version=version)
        assert answer.status_code == 400
    answer = await bob.press(features, f"Turn on {CANCEL}", version="7")
    assert answer.status_code == 409
    assert web.system.store.head() == head


async def test_the_rules_are_told_in_words(web: Web) -> None:
    await web.execute(RevokeRole(CAROL, Role.ADMINISTRATOR))
    bob, _ = await visit(web, "bob", ROLES)
    page = await bob.open(f"{ROLES}?person={BOB}")
    answer = await bob.press(page, "Take the role administrator away")
    assert (answer.status_code, "last administrator" in text(answer)) == (409, True)
    answer = await bob.press(page, f"Give {AUDITOR}")
    assert (answer.status_code, "Nobody gives themselves" in text(answer)) == (403, True)


@pytest.mark.parametrize(
    "person", ["nobody", "%00", "%F0%9F%98%80", "<script>", "x" * 5_000, "' OR 1=1 --"]
)
async def test_a_name_that_is_nobodys_is_told_so(web: Web, person: str) -> None:
    bob, _ = await visit(web, "bob", ROLES)
    page = await bob.open(f"{ROLES}?person={person}")
    assert page.status_code == (200 if person == "%00" else 404)
    assert "<script>" not in page.text.replace("<script src", "")
    assert "Nobody has this name" in text(page) or person == "%00"


async def test_who_knows_only_the_beginning_of_a_name_finds_people_to_choose_from(
    web: Web,
) -> None:
    bob, _ = await visit(web, "bob", ROLES)
    page = await bob.open(f"{ROLES}?person=Exam")
    assert page.status_code == 200
    assert "People who are called like “Exam”" in text(page)
    assert f'href="{ROLES}?person={ALICE}">Alice Example</a>' in page.text
    assert "Give the role" not in text(page)


async def test_a_feature_that_the_setting_names_says_so(system: System) -> None:
    settings = replace(system.settings, features=frozenset({CANCEL}))
    async with web_of(replace(system, settings=settings)) as web:
        await web.execute(GrantRole(BOB, Role.ADMINISTRATOR))
        _, page = await visit(web, "bob", FEATURES)
    assert "Cancel requests cancel_access_request" in text(page)
    assert "On named by the setting DOORWARD_FEATURES" in text(page)
    assert "Off nobody has turned it on yet" in text(page)


async def test_the_pages_are_found_from_those_that_administrators_know(web: Web) -> None:
    bob, page = await visit(web, "bob", "/admin/connections")
    assert {ROLES, FEATURES} <= set(page.text.split('"'))
    page = await bob.open(ROLES)
    assert "Bob Example" in text(page)
    assert "script-src" not in page.headers["content-security-policy"]
