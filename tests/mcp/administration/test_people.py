"""People as an administrator's client finds, changes and forgets them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from domain.person import (
    GrantRole,
    PersonChanged,
    PersonForgotten,
    PersonRegistered,
    PutPerson,
    Role,
    RoleGranted,
    RoleReleased,
    RoleRevoked,
    RolesDescribed,
)
from tests.mcp.administration.desk import FORMS, agreed, called, desk, events
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.seeds import ALICE, BOB, CAROL, ROBOT, person
from tests.web import Web

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["alice", "bob", "carol", "robot"]),
        ({"query": "AL"}, ["alice"]),
        ({"query": "example"}, ["alice", "bob", "carol", "robot"]),
        ({"query": "carol@"}, ["carol"]),
        ({"query": "%"}, []),
        ({"query": "_lice"}, []),
        ({"query": "!"}, []),
        ({"role": "administrator"}, ["bob"]),
        ({"group": "sales"}, ["alice"]),
        ({"manager": "bob"}, ["alice"]),
        ({"disabled": True}, []),
        ({"query": "' OR 1=1 --"}, []),
    ],
)
async def test_people_are_found_by_what_they_are_called_and_what_they_are(
    web: Web, asked: dict[str, object], expected: list[str]
) -> None:
    wire = await desk(web, "people")
    found = await wire.ask("find_people", **asked)
    assert [one["username"] for one in found["items"]] == expected


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_a_person_is_shown_with_what_there_is_to_know(web: Web, era: str) -> None:
    wire = await desk(web, "people", era=era)
    told = await wire.ask("get_person", person="alice")
    assert (told["id"], told["groups"], told["roles"]) == (ALICE, ["sales"], ["employee"])
    assert told["manager"] == {"id": BOB, "name": "Bob Example"}
    assert (told["holds"], told["open_requests"], told["connected_clients"]) == (0, 0, 0)
    assert (await wire.ask("get_person", person=BOB))["reports"] == 1
    assert (await wire.refused("get_person", person="nobody")).startswith("nothing_there")


async def test_a_person_is_added_and_changed_and_what_is_left_out_stays(web: Web) -> None:
    wire = await desk(web, "people")
    given: dict[str, Any] = {"username": "dora", "given_name": "Dora", "groups": ["sales"]}
    before = events(web)
    would = await wire.ask("put_person", **given, dry_run=True)
    assert (would["outcome"], events(web)) == ("would_change", before)
    said = await wire.refused("put_person", **given, manager="bob")
    assert said.startswith("not_confirmed")
    assert "dora is added, as an employee. Comes into sales." in said
    await wire.ask("put_person", **given, manager="bob", confirm="dora")
    (registered,) = [
        one for one in web.events(PersonRegistered) if one.record.username.text == "dora"
    ]
    assert (registered.record.manager, registered.record.roles) == (BOB, (Role.EMPLOYEE,))
    done = await wire.ask("put_person", person="dora", family_name="Doe", manager="")
    changed = {one["field"]: (one["before"], one["after"]) for one in done["changes"]}
    assert changed == {"family_name": ("", "Doe"), "manager": (BOB, None)}
    told = await wire.ask("get_person", person="dora")
    assert (told["name"], told["groups"], told["version"]) == ("Dora Doe", ["sales"], 2)


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_groups_are_changed_once_a_person_has_agreed_and_nothing_else_is_asked_about(
    web: Web, era: str
) -> None:
    """By groups people see apps, decide, or are approved ahead: a client gives no power of its own accord."""
    wire = await desk(web, "people", era=era)
    before = events(web)
    would = await wire.ask("put_person", person="alice", groups=["admins"], dry_run=True)
    assert would["changes"] == [{"field": "groups", "before": ["sales"], "after": ["admins"]}]
    said = await wire.refused("put_person", person="alice", groups=["admins"])
    assert "Comes into admins. Leaves sales." in said
    assert events(web) == before
    for given in ({"groups": ["sales", "sales"]}, {"email": "a@example.org", "groups": ["sales"]}):
        await wire.ask("put_person", person="alice", **given)
    await wire.ask("put_person", person="alice", groups=["admins"], confirm="alice")
    assert (await wire.ask("get_person", person="alice"))["groups"] == ["admins"]


async def test_a_form_says_which_groups_are_meant_and_a_no_leaves_them(web: Web) -> None:
    wire = await desk(web, "people", capabilities=FORMS)
    given: dict[str, Any] = {"person": "alice", "groups": [], "confirm": "alice"}
    asked = await called(wire, "put_person", **given)
    ((form, request),) = asked["inputRequests"].items()
    assert "alice is changed as said. Leaves sales." in request["params"]["message"]
    declined = await called(wire, "put_person", {form: {"action": "decline"}}, **given)
    assert declined["structuredContent"]["outcome"] == "declined"
    assert ALICE not in {one.person_id for one in web.events(PersonChanged)}
    await agreed(wire, "put_person", **given)
    changed = web.events(PersonChanged)[-1]
    assert (changed.person_id, changed.record.groups) == (ALICE, ())


async def test_a_person_is_found_by_his_name_however_it_is_typed(web: Web) -> None:
    wire = await desk(web, "people")
    assert (await wire.ask("get_person", person="ALICE"))["id"] == ALICE
    await wire.ask("put_person", person="Alice", username="Alice")
    assert (await wire.ask("get_person", person="alice"))["username"] == "Alice"


async def test_attributes_are_added_to_those_there_are(web: Web) -> None:
    wire = await desk(web, "people")
    for name in ("department", "site"):
        await wire.ask("put_person", person="carol", attributes=[{"name": name, "value": "x"}])
    told = await wire.ask("get_person", person="carol")
    assert told["attributes"] == {"department": "x", "site": "x"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "invalid_arguments"),
        ({"given_name": "Nobody"}, "invalid_arguments"),
        ({"username": "alice"}, "name_taken"),
        ({"username": "ALICE"}, "name_taken"),
        ({"person": "carol", "username": "aLice"}, "name_taken"),
        ({"person": "carol", "username": "alice"}, "name_taken"),
        ({"person": "nobody", "given_name": "x"}, "nothing_there"),
        ({"username": "dora", "manager": "nobody"}, "nothing_there"),
        ({"username": "dora", "roles": ["administrator"]}, "invalid_arguments"),
        ({"username": "dora", "disabled": True}, "invalid_arguments"),
        ({"username": "do\u202era"}, "malformed_text"),
        ({"username": "dora", "given_name": "x" * 5000}, "invalid_arguments"),
        ({"username": "dora", "groups": ["x"] * 5000}, "invalid_arguments"),
        ({"username": "dora", "attributes": {"a": "b"}}, "invalid_arguments"),
        ({"username": "dora", "attributes": [{"name": "a"}]}, "invalid_arguments"),
    ],
)
async def test_what_cannot_be_said_of_a_person_is_refused(
    web: Web, arguments: dict[str, object], code: str
) -> None:
    wire = await desk(web, "people")
    before = events(web)
    assert (await wire.refused("put_person", **arguments)).split(":")[0] == code
    assert events(web) == before


async def test_who_is_disabled_is_out_at_once_and_can_be_let_in_again(web: Web) -> None:
    wire = await desk(web, "people", capabilities=FORMS)
    alice = await web.wire("alice")
    done = await agreed(wire, "disable_person", person="alice")
    assert done["changes"] == [{"field": "disabled", "before": False, "after": True}]
    assert (await alice.request("tools/list")).status_code == 401
    again = await wire.ask("disable_person", person="alice")
    assert again["outcome"] == "unchanged"
    await wire.ask("enable_person", person="alice")
    assert await (await web.wire("alice")).tools()


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_roles_are_given_and_taken_in_the_administrators_name(web: Web, era: str) -> None:
    wire = await desk(web, "people", era=era)
    said = await wire.refused("grant_role", person="alice", role="auditor")
    assert "Alice Example (alice) is given the role auditor." in said
    given: dict[str, Any] = {"person": "alice", "role": "auditor", "confirm": "auditor alice"}
    await wire.ask("grant_role", **given)
    (granted,) = web.events(RoleGranted)
    assert (granted.person_id, granted.role) == (ALICE, Role.AUDITOR)
    assert (await wire.ask("find_people", role="auditor"))["total"] == 2
    await wire.ask("revoke_role", **given)
    assert len(web.events(RoleRevoked)) == 1
    assert (await wire.ask("revoke_role", **given))["outcome"] == "unchanged"


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_a_role_goes_back_to_the_directory(web: Web, era: str) -> None:
    wire = await desk(web, "people", era=era)
    given: dict[str, Any] = {"person": "alice", "role": "auditor", "confirm": "auditor alice"}
    assert (await wire.ask("release_role", **given))["outcome"] == "unchanged"
    await wire.ask("grant_role", **given)
    said = await wire.refused("release_role", person="alice", role="auditor")
    assert "The directory decides again whether Alice Example (alice) has the role auditor" in said
    shown = await wire.ask("get_person", person="alice")
    assert (shown["roles"], shown["roles_by_hand"]) == (["auditor", "employee"], ["auditor"])
    would = await wire.ask("release_role", person="alice", role="auditor", dry_run=True)
    assert would["changes"] == [
        {"field": "roles", "before": ["auditor", "employee"], "after": ["employee"]},
        {"field": "roles_by_hand", "before": ["auditor"], "after": []},
    ]
    await wire.ask("release_role", **given)
    (released,) = web.events(RoleReleased)
    assert (released.person_id, released.role, released.roles) == (
        ALICE,
        Role.AUDITOR,
        (Role.EMPLOYEE,),
    )


async def test_what_a_client_changes_does_not_make_roles_the_directorys(web: Web) -> None:
    wire = await desk(web, "people", capabilities=FORMS)
    await web.execute(GrantRole(CAROL, Role.AUDITOR))
    await wire.ask("put_person", person="carol", given_name="Caroline")
    await agreed(wire, "disable_person", person="carol")
    await wire.ask("enable_person", person="carol")
    assert web.events(PersonChanged)[-1].record.roles == (Role.AUDITOR, Role.EMPLOYEE)
    assert not web.events(RolesDescribed)
    await agreed(wire, "release_role", person="carol", role="auditor")
    assert web.events(RoleReleased)[-1].roles == (Role.EMPLOYEE,)
    last = await called(wire, "revoke_role", person="bob", role="administrator")
    assert last["content"][0]["text"].startswith("last_administrator")


async def test_the_rules_of_roles_hold_here_as_well(web: Web) -> None:
    wire = await desk(web, "people", capabilities=FORMS)
    own = await called(wire, "grant_role", person="bob", role="auditor")
    assert own["content"][0]["text"].startswith("own_role")
    last = await called(wire, "revoke_role", person="bob", role="administrator")
    assert last["content"][0]["text"].startswith("last_administrator")
    await web.execute(PutPerson(CAROL, replace(person(CAROL), disabled=True)))
    off = await called(wire, "grant_role", person="carol", role="auditor")
    assert off["content"][0]["text"].startswith("person_disabled")
    assert not web.events(RoleGranted, RoleRevoked)


async def test_who_takes_his_own_role_is_out_with_the_next_call(web: Web) -> None:
    roles = (Role.EMPLOYEE, Role.ADMINISTRATOR)
    await web.execute(PutPerson(CAROL, replace(person(CAROL), roles=roles)))
    wire = await desk(web, "people", capabilities=FORMS)
    await agreed(wire, "revoke_role", person="bob", role="administrator")
    assert await wire.tools() == []


async def test_a_person_is_forgotten_only_by_the_rules_and_after_a_yes(web: Web) -> None:
    wire = await desk(web, "people", capabilities=FORMS)
    active = await called(wire, "forget_person", person="carol")
    assert active["content"][0]["text"].startswith("person_still_active")
    await agreed(wire, "disable_person", person="carol")
    asked = await called(wire, "forget_person", person="carol")
    ((_, form),) = asked["inputRequests"].items()
    assert "destroyed for good" in form["params"]["message"]
    assert not web.events(PersonForgotten)
    done = await agreed(wire, "forget_person", person="carol")
    assert done["changes"] == [{"field": "known", "before": True, "after": False}]
    assert [one.person_id for one in web.events(PersonForgotten)] == [CAROL]
    assert (await wire.refused("get_person", person="carol")).startswith("nothing_there")
    assert (await wire.ask("find_people", query="carol"))["items"] == []


async def test_what_has_moved_since_the_form_was_shown_is_asked_about_again(web: Web) -> None:
    wire = await desk(web, "people", capabilities=FORMS)
    asked = await called(wire, "disable_person", person="alice")
    (form,) = asked["inputRequests"]
    await wire.ask("put_person", person="alice", given_name="Alicia")
    yes = {form: {"action": "accept", "content": {"yes": True}}}
    again = await called(wire, "disable_person", yes, person="alice")
    assert again["resultType"] == "input_required"
    assert list(again["inputRequests"]) != [form]
    assert not any(one.record.disabled for one in web.events(PersonChanged))


async def test_a_list_of_ten_people_takes_few_tokens(web: Web) -> None:
    for number in range(10):
        await web.execute(PutPerson(f"p-n{number}", person(f"p-n{number}")))  # type: ignore[arg-type]
    wire = await desk(web, "people")
    result = await wire.call("find_people", query="n", size=10)
    assert len(result["structuredContent"]["items"]) == 10
    assert len(json.dumps(result)) / 4 < 900


async def test_disconnecting_needs_the_scope_to_write(web: Web) -> None:
    wire: Wire = await desk(web, "people", scope="doorward:admin:people:read")
    answer = await wire.request("tools/call", {"name": "disable_person", "arguments": {}})
    assert answer.status_code == 403
    assert await wire.ask("get_person", person=ROBOT)


async def test_nobody_disables_the_last_administrator(web: Web) -> None:
    """The directory may: who has left must lose everything. An administrator who does it by hand is none."""
    wire = await desk(web, "people")
    for dry_run in (True, False):
        given = {"person": "bob", "confirm": "bob", "dry_run": dry_run}
        assert (await wire.refused("disable_person", **given)).startswith("last_administrator")
    await web.execute(GrantRole(CAROL, Role.ADMINISTRATOR))
    assert (await wire.ask("disable_person", person="bob", confirm="bob"))["outcome"] == "changed"


async def test_lists_are_told_in_words(web: Web) -> None:
    wire = await desk(web, "people")
    told = await wire.call("put_person", username="dora")
    assert '- roles: nothing -> ["employee"]' in told["content"][0]["text"]
    found = await wire.call("find_people")
    assert found["content"][0]["text"].startswith("5 people, page 1 of 1:")
