"""Which tools an administrator's client has, and what holds for every change that it makes."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from domain.consent import ConsentRevoked
from domain.person import PutPerson
from server.oauth.resources import ADMIN, TOOLSETS
from server.wiring import System
from tests.mcp.administration.conftest import make_administrator
from tests.mcp.administration.desk import FORMS, agreed, called, desk, events, scopes
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.seeds import BOB, person
from tests.web import Web, web_with

pytestmark = pytest.mark.anyio
NAME = "Test client of alice"


async def connection(web: Web, wire: Wire) -> str:
    """Return the id of the connection of Alice's own client."""
    await web.flow().sign_in(web.browser("alice"))
    listed = await wire.ask("list_connected_clients", person="alice")
    found: str = listed["items"][0]["id"]
    return found


async def test_the_url_says_which_toolsets_are_listed_and_callable(web: Web) -> None:
    wire = await desk(web, "core", "people")
    both = await wire.tools()
    wire.path = "/mcp/admin?toolsets=core"
    core = await wire.tools()
    assert "list_connected_clients" in both
    assert set(core) < set(both)
    unknown = await wire.request("tools/call", {"name": "list_connected_clients"})
    nowhere = await wire.request("tools/call", {"name": "no_such_tool"})
    assert (unknown.status_code, unknown.json()["error"]) == (400, nowhere.json()["error"])


async def test_without_toolsets_a_client_is_told_of_those_it_was_let_into(web: Web) -> None:
    wire = await desk(web, scope=scopes("people"))
    wire.path = "/mcp/admin"
    everything = await wire.tools()
    wire.path = "/mcp/admin?toolsets=people"
    assert await wire.tools() == everything
    reading = await desk(web, scope=TOOLSETS["people"].read)
    reading.path = "/mcp/admin"
    assert await reading.tools() == everything


@pytest.mark.parametrize(
    "query", ["nothing", "core,nothing", "", "core,", "%00", "CORE", "core;people", "\u202e"]
)
async def test_a_toolset_that_is_none_is_refused_with_the_names_there_are(
    web: Web, query: str
) -> None:
    for token in (None, "dwa_x"):
        wire = Wire(web.http, web.issuer, token, path=f"/mcp/admin?toolsets={query}")
        answer = await wire.request("tools/list")
        fault = answer.json()["error"]
        assert (answer.status_code, fault["data"]) == (400, {"code": "unknown_toolset"})
        assert "core, catalog, policy, people, requests, integrations, audit" in fault["message"]
        assert fault["message"].isprintable()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("toolset=core", "unknown_parameter"),
        ("Toolsets=core", "unknown_parameter"),
        ("toolsets%20=core", "unknown_parameter"),
        ("toolsets=core&utm_source=mail", "unknown_parameter"),
        ("utm_source=mail&toolsets=core", "unknown_parameter"),
        ("core", "unknown_parameter"),
        ("=core", "unknown_parameter"),
        ("&", "unknown_parameter"),
        ("toolsets=core;people", "unknown_toolset"),
        ("%E2%80%AE%00%0A" + "x" * 2_000, "unknown_parameter"),
        ("&".join(["toolsets=core"] * 500), "unknown_parameter"),
        ("toolsets=core&toolsets=core", "repeated_parameter"),
        ("toolsets=core&toolsets=people", "repeated_parameter"),
        ("toolsets=core&toolsets=", "repeated_parameter"),
    ],
)
async def test_a_query_that_is_not_understood_gives_nothing_rather_than_all(
    web: Web, query: str, code: str
) -> None:
    wire = await desk(web, "core", "people")
    for token in (None, wire.token):
        asked = Wire(web.http, web.issuer, token, path=f"/mcp/admin?{query}")
        answer = await asked.request("tools/list")
        fault = answer.json()["error"]
        assert (answer.status_code, fault["data"]) == (400, {"code": code})
        assert "name some of core, catalog, policy, people, requests" in fault["message"]
        assert "in one toolsets, separated by commas, or leave the query out" in fault["message"]
        assert fault["message"].isprintable()
        assert len(fault["message"]) < 300


async def test_an_empty_query_is_none(web: Web) -> None:
    wire = await desk(web, "core")
    wire.path = "/mcp/admin?"
    assert await wire.tools()


@pytest.mark.parametrize("name", list(TOOLSETS))
async def test_a_client_without_a_token_is_told_the_scopes_of_the_toolsets_it_asked_for(
    web: Web, name: str
) -> None:
    wire = Wire(web.http, web.issuer, None, path=f"/mcp/admin?toolsets={name}")
    answer = await wire.request("tools/list")
    assert answer.status_code == 401
    challenge = answer.headers["www-authenticate"]
    assert f'scope="{scopes(name)}"' in challenge
    assert f'resource_metadata="{web.issuer}/.well-known/oauth-protected-resource/mcp/admin"' in (
        challenge
    )


@pytest.mark.parametrize("name", list(TOOLSETS))
async def test_each_tool_needs_the_scopes_of_its_own_toolset(web: Web, name: str) -> None:
    """And says so by a challenge with which a client can ask for more, and lose nothing."""
    other = "core" if name != "core" else "people"
    wire = await desk(web, other)
    wire.path = f"/mcp/admin?toolsets={name}"
    for tool in (await wire.request("tools/list")).json()["result"]["tools"]:
        answer = await wire.request("tools/call", {"name": tool["name"], "arguments": {}})
        assert answer.status_code == 403, tool["name"]
        reads = tool["annotations"]["readOnlyHint"]
        needed = [TOOLSETS[name].read] if reads else [*TOOLSETS[name].scopes]
        asked = " ".join(
            one for one in ADMIN.scopes if one in needed or one in TOOLSETS[other].scopes
        )
        assert f'scope="{asked}"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_a_role_that_is_gone_takes_its_tools_with_it_at_once(web: Web, era: str) -> None:
    wire = await desk(web, "people", era=era)
    assert await wire.tools()
    await web.execute(PutPerson(BOB, person(BOB)))
    assert await wire.tools() == []
    hidden = await wire.request("tools/call", {"name": "list_connected_clients"})
    nowhere = await wire.request("tools/call", {"name": "no_such_tool"})
    assert hidden.json()["error"] == nowhere.json()["error"]


async def test_an_auditor_is_let_into_what_auditors_read_and_nothing_else(web: Web) -> None:
    everything = scopes(*TOOLSETS)
    flow = web.flow("/mcp/admin")
    granted = await flow.sign_in(web.browser("robot"), scope=everything)
    assert granted["scope"] == "doorward:admin:core:read doorward:admin:audit:read"
    wire = Wire(web.http, web.issuer, granted["access_token"], path="/mcp/admin?toolsets=people")
    assert await wire.tools() == []
    hidden = await wire.request("tools/call", {"name": "list_connected_clients"})
    nowhere = await wire.request("tools/call", {"name": "no_such_tool"})
    assert (hidden.status_code, hidden.json()["error"]) == (400, nowhere.json()["error"])


async def test_an_employee_is_given_nothing(web: Web) -> None:
    flow = web.flow("/mcp/admin")
    await flow.register()
    assert (await flow.answer(web.browser("carol")))["error"] == "access_denied"


async def test_the_page_of_consent_groups_what_is_asked_by_toolset(web: Web) -> None:
    browser = web.browser("bob")
    await web.flow("/mcp/admin").sign_in(browser, scope=scopes("people", "audit"))
    page = browser.pages[-1]
    titles = [TOOLSETS[name].title for name in ("people", "audit")]
    assert all(f"<legend><strong>{title}</strong></legend>" in page for title in titles)
    assert TOOLSETS["core"].title not in page
    assert TOOLSETS["people"].writing in page


async def test_the_identifier_of_the_resource_has_no_query(web: Web) -> None:
    """RFC 8707 §2; a client that leaves it standing gets a token for the same resource."""
    path = "/.well-known/oauth-protected-resource/mcp/admin"
    told = (await web.http.get(f"{web.issuer}{path}")).json()
    assert told["resource"] == f"{web.issuer}/mcp/admin"
    assert set(told["scopes_supported"]) == set(scopes(*TOOLSETS).split())
    flow = web.flow("/mcp/admin?toolsets=people")
    granted = await flow.sign_in(web.browser("bob"), scope=scopes("people"))
    wire = Wire(web.http, web.issuer, granted["access_token"], path=flow.path)
    assert await wire.tools()


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_a_dry_run_shows_what_would_change_and_appends_nothing(web: Web, era: str) -> None:
    wire = await desk(web, "people", era=era)
    found = await connection(web, wire)
    before = events(web)
    told = await wire.ask("disconnect_client", connection_id=found, dry_run=True)
    assert (told["outcome"], told["name"], told["version"]) == ("would_change", NAME, 1)
    assert {"field": "connected", "before": True, "after": False} in told["changes"]
    assert events(web) == before


async def test_a_version_that_is_not_the_present_one_is_refused(web: Web) -> None:
    wire = await desk(web, "people")
    found = await connection(web, wire)
    given: dict[str, Any] = {"connection_id": found, "confirm": NAME}
    said = await wire.refused("disconnect_client", **given, expected_version=7)
    assert said == "stale_version: You saw version 7, it is now 1; read it again."
    assert not web.events(ConsentRevoked)
    done = await wire.ask("disconnect_client", **given, expected_version=1)
    assert done["outcome"] == "changed"


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_a_client_without_forms_has_to_repeat_the_name(web: Web, era: str) -> None:
    wire = await desk(web, "people", era=era)
    found = await connection(web, wire)
    said = await wire.refused("disconnect_client", connection_id=found)
    assert said.startswith("not_confirmed: ")
    assert f"confirm set to {NAME}" in said
    assert "can no longer act for alice" in said
    for wrong in ("Test client of carol", "yes", "true"):
        again = await wire.refused("disconnect_client", connection_id=found, confirm=wrong)
        assert again == said
    assert not web.events(ConsentRevoked)
    assert (await wire.ask("disconnect_client", connection_id=found, confirm=NAME))["version"] == 2
    assert web.events(ConsentRevoked)


async def test_a_client_with_forms_shows_one_and_nothing_happens_before_the_yes(web: Web) -> None:
    wire = await desk(web, "people", capabilities=FORMS)
    found = await connection(web, wire)
    given: dict[str, Any] = {"connection_id": found, "confirm": NAME}
    asked = await called(wire, "disconnect_client", **given)
    assert asked["resultType"] == "input_required"
    ((form, request),) = asked["inputRequests"].items()
    assert "can no longer act for alice" in request["params"]["message"]
    for answer in ({"action": "decline"}, {"action": "cancel"}, {"action": "accept"}):
        declined = await called(wire, "disconnect_client", {form: answer}, **given)
        assert declined["structuredContent"]["outcome"] == "declined"
    unticked = {form: {"action": "accept", "content": {"yes": False}}}
    declined = await called(wire, "disconnect_client", unticked, **given)
    assert declined["structuredContent"]["outcome"] == "declined"
    assert not web.events(ConsentRevoked)
    yes = {form: {"action": "accept", "content": {"yes": True}}}
    done = await called(wire, "disconnect_client", yes, **given)
    assert done["structuredContent"]["outcome"] == "changed"


async def test_a_yes_to_one_change_is_no_yes_to_another(web: Web) -> None:
    wire = await desk(web, "people", capabilities=FORMS)
    found = await connection(web, wire)
    await web.flow().sign_in(web.browser("carol"))
    carols = (await wire.ask("list_connected_clients", person="carol"))["items"][0]["id"]
    asked = await called(wire, "disconnect_client", connection_id=found)
    (form,) = asked["inputRequests"]
    yes = {form: {"action": "accept", "content": {"yes": True}}}
    other = await called(wire, "disconnect_client", yes, connection_id=carols)
    assert other["resultType"] == "input_required"
    assert not web.events(ConsentRevoked)


async def test_the_event_says_who_did_it_by_which_client(web: Web) -> None:
    wire = await desk(web, "people", capabilities=FORMS)
    found = await connection(web, wire)
    await agreed(wire, "disconnect_client", connection_id=found)
    recorded = list(web.system.store.events_after(0, 100_000))
    (actor,) = [
        one.envelope.actor for one in recorded if isinstance(one.envelope.event, ConsentRevoked)
    ]
    assert (actor.via, actor.subject, actor.client and actor.client.name) == (
        "mcp",
        BOB,
        "Test client",
    )
    assert actor.authorization


async def test_a_key_that_was_used_gives_the_first_answer_again(web: Web) -> None:
    wire = await desk(web, "people")
    found = await connection(web, wire)
    given: dict[str, Any] = {"connection_id": found, "confirm": NAME, "idempotency_key": "k"}
    first = await wire.ask("disconnect_client", **given)
    again = await wire.ask("disconnect_client", **given)
    assert (again["replayed"], again["version"]) == (True, first["version"])
    assert len(web.events(ConsentRevoked)) == 1
    said = await wire.refused("disconnect_client", **{**given, "connection_id": "another"})
    assert said.startswith("idempotency_key_reused")


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"connection_id": 7},
        {"connection_id": "x" * 5000},
        {"connection_id": "x", "dry_run": "yes"},
        {"connection_id": "x", "expected_version": -1},
        {"connection_id": "x", "expected_version": 1e30},
        {"connection_id": "x", "confirm": {"yes": True}},
        {"connection_id": "x", "force": True},
        {"connection_id": "' OR 1=1 --\u0000\ud800"},
    ],
)
async def test_hostile_arguments_are_refused_and_nothing_happens(
    web: Web, arguments: dict[str, object]
) -> None:
    wire = await desk(web, "people")
    before = events(web)
    said = await wire.refused("disconnect_client", **arguments)
    assert said.split(":")[0] in {"invalid_arguments", "unknown_connection"}
    assert events(web) == before


async def test_one_limit_holds_for_all_choices_of_toolsets_together(system: System) -> None:
    """Else whoever varies the URL could call without end."""
    async with web_with(system, calls_per_minute=3) as (web, _):
        await make_administrator(web)
        wire = await desk(web, "core", "people", "requests")
        statuses = []
        for name in ("core", "people", "requests", "core,people"):
            wire.path = f"/mcp/admin?toolsets={name}"
            statuses.append((await wire.request("tools/list")).status_code)
    assert statuses == [200, 200, 200, 429]


def test_a_server_is_ready_without_the_tools_of_administrators() -> None:
    """Most workers are never asked for them."""
    loaded = (
        "import sys, server.app; name = 'server.mcp.administration.'; "
        "print(sorted(one.removeprefix(name) for one in sys.modules if one.startswith(name)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "['backing', 'choosing', 'serving']"
