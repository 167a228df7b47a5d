"""Policies, as an administrator's client reads, tries, assigns and changes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.policy import PolicyPublished, PolicyRetired
from tests import seeds
from tests.mcp.administration.desk import FORMS, agreed, called, desk, events
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.seeds import BOB
from tests.web import Web

pytestmark = pytest.mark.anyio
OWNERS: dict[str, Any] = {
    "id": "owners",
    "approval": [
        {"name": "manager", "by": ["manager"]},
        {"name": "carol", "by": ["person:carol"]},
    ],
    "access_lengths": ["1 hour", "7 days"],
    "default_access_length": "7 days",
}


async def published(wire: Wire, **changes: object) -> dict[str, Any]:
    policy: dict[str, Any] = {**OWNERS, **changes}
    return await wire.ask("put_policy", policy=policy, confirm=policy["id"])


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_a_policy_is_previewed_published_read_back_and_published_again(
    web: Web, era: str
) -> None:
    wire = await desk(web, "policy", era=era)
    assert (await wire.ask("list_policies"))["empty_reason"].startswith("None is published")
    built_in = await wire.ask("get_policy", policy_id="default")
    assert (built_in["built_in"], built_in["version"]) == (True, 0)
    before = events(web)
    would = await wire.ask("put_policy", policy=OWNERS, dry_run=True)
    assert (would["outcome"], would["name"]) == ("would_change", "owners")
    assert events(web) == before
    assert (await published(wire))["version"] == 1
    shown = await wire.ask("get_policy", policy_id="owners")
    assert shown["policy"]["access_lengths"] == ["1 hour", "7 days"]
    same = await wire.ask("put_policy", policy=shown["policy"])
    assert same["outcome"] == "unchanged"
    next_one = {**shown["policy"], "maximum_open": 3}
    said = await wire.refused("put_policy", policy=next_one, expected_version=7)
    assert said.startswith("stale_version")
    given: dict[str, Any] = {"policy": next_one, "confirm": "owners"}
    done = await wire.ask("put_policy", **given, expected_version=1)
    assert {"field": "maximum_open", "before": 100, "after": 3} in done["changes"]
    listed = (await wire.ask("list_policies"))["items"]
    assert [(one["id"], one["edition"], one["stages"]) for one in listed] == [
        ("owners", 2, ["manager", "carol"])
    ]


async def test_the_parsers_own_words_say_what_is_wrong(web: Web) -> None:
    wire = await desk(web, "policy")
    before = events(web)
    for policy, said in (
        ({}, "policy, field record: Object missing required field `id`"),
        ({"id": "x", "stages": []}, "Object contains unknown field `stages`"),
        ({"id": "x", "access_lengths": ["soon"]}, "'soon' is no length of time"),
        ({"id": "x", "approval": [{"name": "a", "by": [7]}]}, "field approval[0].by[0]"),
        ({"id": "a b"}, "policy (id 'a b'), field id"),
        ({"id": "x", "form": {"properties": {}, "required": ["y"]}}, "required names no property"),
    ):
        refusal = await wire.refused("put_policy", policy=policy)
        assert refusal.startswith("invalid_arguments: ")
        assert said in refusal, refusal
    unfit = await wire.refused(
        "put_policy", policy={"id": "x", "approval": [{"name": "a", "by": []}]}
    )
    assert unfit == "policy_unfit: Policy x does not fit: stage a names nobody."
    assert events(web) == before


async def test_a_policy_may_name_a_rotation_of_another(web: Web) -> None:
    wire = await desk(web, "policy")
    turn = {"name": "night", "members": ["bob"], "starts": "2027-01-04T09:00:00Z"}
    await published(wire, on_call=[turn])
    user = {"id": "user", "approval": [{"name": "n", "by": ["on_call:night"]}]}
    done = await wire.call("put_policy", policy=user, confirm="user")
    assert not done.get("isError"), done


async def test_who_decides_by_a_policy_is_said_to_the_person_before_it_rules(web: Web) -> None:
    """Else a client would decide ahead what it may not decide."""
    wire, before = await desk(web, "policy", capabilities=FORMS), events(web)
    for approval, said in (
        ([], "Nobody is asked to approve."),
        ([{"name": "one", "by": ["person:bob", "manager"]}], "one (1 of person:bob, manager)."),
    ):
        ahead = [{"rule": "all", "groups": ["sales"]}]
        policy = {"id": "default", "approval": approval, "pre_approved": ahead}
        asked = await called(wire, "put_policy", policy=policy)
        ((_, form),) = asked["inputRequests"].items()
        assert said in form["params"]["message"]
        assert "Approved ahead, without asking: all." in form["params"]["message"]
    assert events(web) == before


async def test_a_policy_is_assigned_and_taken_off_again(web: Web) -> None:
    wire = await desk(web, "policy")
    await published(wire)
    for kind, key, name in (
        ("app", "crm", "Sales CRM"),
        ("permission", "crm:reader", "Sales CRM / Reader"),
    ):
        given = {"kind": kind, "id": key, "policy_id": "owners"}
        would = await wire.ask("assign_policy", **given, dry_run=True)
        assert would["changes"] == [{"field": "policy", "before": "", "after": "owners"}]
        done = await wire.ask("assign_policy", **given, confirm=name)
        assert done["outcome"] == "changed"
        off = await wire.ask("assign_policy", kind=kind, id=key, policy_id="", confirm=name)
        assert off["outcome"] == "changed"
    for given in (
        {"kind": "app", "id": "crm", "policy_id": "none-such"},
        {"kind": "app", "id": "none-such", "policy_id": "owners"},
        {"kind": "permission", "id": "none-such", "policy_id": ""},
    ):
        assert (await wire.refused("assign_policy", **given)).startswith("nothing_there: ")


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_who_decides_is_said_to_the_person_before_a_policy_governs(
    web: Web, era: str
) -> None:
    wire = await desk(web, "policy", era=era)
    await published(wire)
    await published(wire, id="free", approval=[])
    before = events(web)
    for policy_id, words in (
        ("owners", "ruled by the policy owners. Who decides: manager (1 of manager), then carol"),
        ("free", "ruled by the policy free. Nobody is asked to approve."),
    ):
        given = {"kind": "permission", "id": "crm:reader", "policy_id": policy_id}
        said = await wire.refused("assign_policy", **given)
        assert said.startswith("not_confirmed")
        assert words in said
    assert events(web) == before


async def test_taking_a_policy_off_says_which_governs_instead(web: Web) -> None:
    plain = await desk(web, "policy")
    await published(plain)
    given: dict[str, Any] = {"kind": "permission", "id": "crm:reader"}
    await plain.ask("assign_policy", **given, policy_id="owners", confirm="Sales CRM / Reader")
    wire = await desk(web, "policy", capabilities=FORMS)
    asked = await called(wire, "assign_policy", **given, policy_id="")
    ((form, request),) = asked["inputRequests"].items()
    assert "ruled by the policy default. Who decides: manager" in request["params"]["message"]
    no = {form: {"action": "decline"}}
    declined = await called(wire, "assign_policy", no, **given, policy_id="")
    assert declined["structuredContent"]["outcome"] == "declined"
    done = await agreed(wire, "assign_policy", **given, policy_id="")
    assert done["changes"] == [{"field": "policy", "before": "owners", "after": ""}]


async def test_retiring_is_confirmed_and_its_actor_is_known(web: Web) -> None:
    await published(await desk(web, "policy"))
    wire = await desk(web, "policy", capabilities=FORMS)
    asked = await called(wire, "retire_policy", policy_id="owners")
    ((_, form),) = asked["inputRequests"].items()
    assert "The policy owners applies no more" in form["params"]["message"]
    assert not web.events(PolicyRetired)
    await agreed(wire, "retire_policy", policy_id="owners")
    assert web.events(PolicyRetired)
    (*_, last) = web.system.store.events_after(0, 10_000)
    assert (last.envelope.actor.via, last.envelope.actor.subject) == ("mcp", BOB)
    said = await wire.refused("get_policy", policy_id="owners")
    assert said.startswith("nothing_there: There is no policy “owners”")
    back = await published(await desk(web, "policy"))
    assert back["version"] == 3
    assert web.events(PolicyPublished)[-1].policy.version == 2


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_a_client_without_forms_repeats_the_id(web: Web, era: str) -> None:
    wire = await desk(web, "policy", era=era)
    await published(wire)
    assert (await wire.refused("retire_policy", policy_id="owners")).startswith("not_confirmed")
    done = await wire.ask("retire_policy", policy_id="owners", confirm="owners")
    assert done["outcome"] == "changed"


async def test_what_policy_does_is_explained_as_it_is_and_as_it_would_be(web: Web) -> None:
    wire = await desk(web, "policy")
    before = events(web)
    now = await wire.ask("explain_policy", person="alice", items=["crm:reader"])
    assert [one["name"] for one in now["routes"][0]["stages"]] == ["manager"]
    assert now["items"][0]["policy"] == {"id": "default", "version": 0}
    strict = {**OWNERS, "id": "default"}
    then = await wire.ask("explain_policy", person="alice", items=["crm:reader"], policy=strict)
    assert [one["name"] for one in then["routes"][0]["stages"]] == ["manager", "carol"]
    unseen = await wire.ask("explain_policy", person="carol", items=["crm:reader"])
    assert unseen["refused"]["code"] == "unknown_app"
    assert events(web) == before


async def test_policies_are_tried_on_past_requests_and_nothing_is_written(web: Web) -> None:
    await web.execute(seeds.submission("r-1", now=web.system.clock()))
    wire = await desk(web, "policy")
    before = events(web)
    strict = {**OWNERS, "id": "default"}
    found = await wire.ask("simulate_policies", policies=[strict], days=3650)
    assert (found["requests"], found["changed"]) == (1, 1)
    assert "stages" in found["counts"]
    assert "Alice" in found["changes"][0] or "alice" in found["changes"][0]
    none = await wire.ask("simulate_policies", policies=[{"id": "another"}], days=3650)
    assert (none["changed"], none["changes"]) == (0, [])
    assert events(web) == before


async def test_a_log_that_is_too_long_for_a_call_is_left_to_the_command_line(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.mcp.administration.policy_reading.MOST_EVENTS", 3)
    wire = await desk(web, "policy")
    said = await wire.refused("simulate_policies", policies=[{"id": "x"}])
    assert said.startswith("too_much_for_a_call: ")
    assert "doorward policy simulate FILE" in said


async def test_a_list_of_policies_is_small(web: Web) -> None:
    wire = await desk(web, "policy")
    for number in range(10):
        await published(wire, id=f"p{number}")
    listed = await wire.ask("list_policies", size=10)
    assert len(json.dumps(listed)) < 2_000


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("list_policies", {"size": 0}),
        ("get_policy", {"policy_id": "\u0000' OR 1=1\ud800"}),
        ("get_policy", {"policy_id": "x" * 201}),
        ("put_policy", {}),
        ("put_policy", {"policy": "default"}),
        ("put_policy", {"policy": {"id": "x", "approval": {"name": {"name": {}}}}}),
        ("put_policy", {"policy": {"id": "x", "maximum_open": 1.5}}),
        ("assign_policy", {"kind": "person", "id": "alice", "policy_id": "x"}),
        ("retire_policy", {"policy_id": "none"}),
        ("explain_policy", {"person": "alice", "items": []}),
        ("explain_policy", {"person": "alice", "items": ["crm"], "length": "for ever"}),
        ("explain_policy", {"person": "nobody", "items": ["crm"]}),
        ("explain_policy", {"person": "alice", "items": ["none", "crm:reader"]}),
        ("explain_policy", {"person": "alice", "items": ["x"] * 21}),
        ("simulate_policies", {"policies": []}),
        ("simulate_policies", {"policies": [{"id": "x"}] * 11}),
        ("simulate_policies", {"policies": [{"id": "x"}], "days": 10**9}),
        ("simulate_policies", {"policies": [{"id": 7}]}),
    ],
)
async def test_hostile_arguments_are_refused_and_nothing_happens(
    web: Web, tool: str, arguments: dict[str, object]
) -> None:
    wire = await desk(web, "policy")
    before = events(web)
    said = await wire.refused(tool, **arguments)
    codes = {"invalid_arguments", "nothing_there", "unknown_person", "unknown_permission"}
    assert said.split(":")[0] in codes
    assert events(web) == before
