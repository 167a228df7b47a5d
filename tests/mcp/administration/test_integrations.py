"""Integrations, webhooks and other services, as an administrator's client sees and changes them: without secrets."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from domain.catalog import AppRecord, PutApp
from domain.integration import IntegrationAdded, IntegrationChanged, IntegrationRemoved
from domain.resource_server import AddResourceServer, ResourceServerRemoved
from domain.values import Actor, Via
from domain.webhook import WebhookAdded, WebhookRedelivered, WebhookRemoved
from projections.columns import instant
from server.command_bus import CommandContext, UnitOfWork
from server.integrations.callback import sealed_name
from server.operations.read_models import catch_up
from server.scim.tokens import add_token
from server.webhooks.failures import Failure, failures_of, store_failure
from server.webhooks.sealed_secrets import SecretLost, good_secrets, store_secret
from tests.mcp.administration.desk import FORMS, agreed, called, desk, events
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.seeds import BOB, WIKI
from tests.web import Web

pytestmark = pytest.mark.anyio
NKEY = "U" + "A" * 55
SIGNING = "s" * 43
URL = "https://hooks.example/services/T0KEN"


async def added(wire: Wire, **changes: object) -> dict[str, Any]:
    given = {"name": "bot", "rights": ["decide"], "nats_public_key": NKEY, **changes}
    given["confirm"] = given["name"]
    return await wire.ask("add_integration", **given)


def secrets_of(web: Web, name: str) -> tuple[str, ...]:
    """Return the secrets that are good; none where there are none."""
    system = web.system
    with system.store.read() as rows:
        try:
            return good_secrets(rows, system.signing_keys.ring(), name, system.clock())
        except SecretLost:
            return ()


def failed(web: Web, *events_: str) -> None:
    """Let deliveries to the webhook be dead letters."""
    now = web.system.clock()

    def job(work: UnitOfWork) -> None:
        for number, one in enumerate(events_, start=1):
            failure = Failure("hook", one, number, "app.added", 9, "503", now, None)
            store_failure(work.rows, failure)

    web.system.bus.call_blocking(job)


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_an_integration_is_added_by_its_public_keys_alone(web: Web, era: str) -> None:
    wire = await desk(web, "integrations", era=era)
    before = events(web)
    given: dict[str, Any] = {"name": "bot", "rights": ["decide"], "apps": ["crm"]}
    would = await wire.ask("add_integration", **given, dry_run=True)
    assert (would["outcome"], would["version"]) == ("would_change", 0)
    assert events(web) == before
    await added(wire, apps=["crm"])
    (event,) = web.events(IntegrationAdded)
    assert (event.record.nkey, event.record.apps) == (NKEY, ("crm",))
    assert secrets_of(web, sealed_name("bot")) == ()
    shown = await wire.ask("get_integration", name="bot")
    assert (shown["version"], shown["last_seen_at"]) == (1, None)
    assert shown["integration"]["nats_public_key"] == NKEY
    (*_, last) = web.system.store.events_after(0, 10_000)
    assert (last.envelope.actor.via, last.envelope.actor.subject) == ("mcp", BOB)


async def test_what_lets_others_decide_or_listen_is_asked_of_the_person_first(web: Web) -> None:
    """Such a system outlasts the client's consent, and speaks for whom it likes: no client gives itself one."""
    wire = await desk(web, "integrations", capabilities=FORMS)
    bot = {"name": "bot", "rights": ["decide"], "signing_key": SIGNING}
    hook = {"name": "hook", "url": URL}
    before = events(web)
    for tool, given in (("add_integration", bot), ("add_webhook", hook)):
        assert (await called(wire, tool, **given))["resultType"] == "input_required"
    assert events(web) == before
    await agreed(wire, "add_integration", **bot)
    await agreed(wire, "add_webhook", **hook)
    before = events(web)
    asked = await called(wire, "change_integration", name="bot", signing_key="t" * 43)
    ((_, form),) = asked["inputRequests"].items()
    assert "who holds these speaks for it" in form["params"]["message"]
    asked = await called(wire, "change_webhook", name="hook", url="https://evil.example/")
    ((_, form),) = asked["inputRequests"].items()
    assert "evil.example" in form["params"]["message"]
    assert events(web) == before


async def test_rights_are_granted_and_taken_and_what_is_left_out_stays(web: Web) -> None:
    wire = await desk(web, "integrations")
    await added(wire, signing_key=SIGNING)
    given: dict[str, Any] = {"name": "bot", "rights": ["fulfil", "decide"], "confirm": "bot"}
    done = await wire.ask("change_integration", **given, expected_version=1)
    assert done["changes"] == [
        {"field": "rights", "before": ["decide"], "after": ["decide", "fulfil"]}
    ]
    (event,) = web.events(IntegrationChanged)
    assert (event.record.signing_key, event.record.nkey) == (SIGNING, NKEY)
    assert (await wire.ask("change_integration", **given))["outcome"] == "unchanged"
    said = await wire.refused("change_integration", **given, expected_version=1)
    assert said.startswith("stale_version")


async def test_the_list_says_what_each_may_do_and_when_it_was_last_seen(web: Web) -> None:
    wire = await desk(web, "integrations")
    await added(wire)
    await added(wire, name="silent", rights=["subscribe"])
    now = web.system.clock()
    context = CommandContext(Actor(Via.NATS, service="bot"), now, web.system.new_id())
    await web.system.bus.execute(PutApp(WIKI, AppRecord("Handbook")), context)
    await asyncio.to_thread(catch_up, web.system)
    listed = await wire.ask("list_integrations")
    assert {one["name"]: one["rights"] for one in listed["items"]} == {
        "bot": ["decide"],
        "silent": ["subscribe"],
    }
    assert listed["nats"].startswith("NATS is off")
    seen = [one["last_seen_at"] for one in listed["items"]]
    assert seen == [instant(now), None]


async def test_removing_an_integration_is_confirmed_and_takes_its_secrets(web: Web) -> None:
    await added(await desk(web, "integrations"))
    wire = await desk(web, "integrations", capabilities=FORMS)
    ring, now = web.system.signing_keys.ring(), web.system.clock()
    name = sealed_name("bot")
    web.system.bus.call_blocking(lambda work: store_secret(work.rows, ring, name, "s", now, now))
    assert secrets_of(web, name)
    asked = await called(wire, "remove_integration", name="bot")
    assert asked["resultType"] == "input_required"
    assert secrets_of(web, name)
    await agreed(wire, "remove_integration", name="bot")
    assert web.events(IntegrationRemoved)
    assert secrets_of(web, name) == ()
    said = await wire.refused("get_integration", name="bot")
    assert said.startswith("unknown_integration")


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_a_webhook_gets_a_secret_that_no_client_is_shown(web: Web, era: str) -> None:
    wire = await desk(web, "integrations", era=era)
    done = await wire.call("add_webhook", name="hook", url=URL, confirm="hook")
    (secret,) = secrets_of(web, "hook")
    shown = await wire.call("get_webhook", name="hook")
    listed = await wire.call("list_webhooks")
    for result in (done, shown, listed):
        text = json.dumps(result)
        assert secret not in text
        assert "T0KEN" not in text
    webhook = shown["structuredContent"]["webhook"]
    assert (webhook["host"], webhook["state"]) == ("hooks.example", "active")
    assert web.events(WebhookAdded)[0].target_url == URL


async def test_a_webhook_is_changed_paused_and_resumed(web: Web) -> None:
    wire = await desk(web, "integrations")
    await wire.ask("add_webhook", name="hook", url=URL, confirm="hook")
    given: dict[str, Any] = {"name": "hook", "url": f"{URL}2", "confirm": "hook"}
    moved = await wire.ask("change_webhook", **given, expected_version=1)
    ((change),) = moved["changes"]
    assert change["field"] == "to"
    assert change["before"] != change["after"]
    paused = await wire.ask("switch_webhook", name="hook", state="paused")
    assert paused["changes"] == [{"field": "state", "before": "active", "after": "paused"}]
    again = await wire.ask("switch_webhook", name="hook", state="paused")
    assert again["outcome"] == "unchanged"
    await wire.ask("switch_webhook", name="hook", state="active")
    shown = await wire.ask("get_webhook", name="hook")
    assert (shown["version"], shown["webhook"]["state"]) == (4, "active")


async def test_what_failed_is_shown_and_tried_again_and_the_log_says_by_whom(web: Web) -> None:
    wire = await desk(web, "integrations")
    await wire.ask("add_webhook", name="hook", url=URL, confirm="hook")
    failed(web, "e-1", "e-2")
    shown = await wire.ask("get_webhook", name="hook", size=1)
    assert shown["webhook"]["dead_letters"] == 2
    assert [one["event_id"] for one in shown["failures"]] == ["e-1"]
    would = await wire.ask("redeliver_webhook", name="hook", dry_run=True)
    assert would["outcome"] == "would_change"
    assert not web.events(WebhookRedelivered)
    await wire.ask("redeliver_webhook", name="hook", event_id="e-2")
    await wire.ask("redeliver_webhook", name="hook")
    assert [one.deliveries for one in web.events(WebhookRedelivered)] == [1, 1]
    with web.system.store.read() as rows:
        now = web.system.clock() + timedelta(seconds=1)
        assert all(one.due_at and one.due_at < now for one in failures_of(rows, "hook"))
    assert (await wire.ask("redeliver_webhook", name="hook"))["outcome"] == "unchanged"
    said = await wire.refused("redeliver_webhook", name="hook", event_id="e-3")
    assert said.startswith("unknown_delivery")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x",
        "http://hooks.example/x",
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://10.0.0.1/x",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x",
    ],
)
async def test_a_webhook_is_no_way_into_the_network(web: Web, url: str) -> None:
    """Unless the operator allows it, as README's table of settings says."""
    wire = await desk(web, "integrations")
    said = await wire.refused("add_webhook", name="hook", url=url, confirm="hook")
    assert said.startswith("unusable_url: ")
    assert "DOORWARD_WEBHOOK_" in said
    await wire.ask("add_webhook", name="hook", url=URL, confirm="hook")
    moved = await wire.refused("change_webhook", name="hook", url=url, confirm="hook")
    assert moved.startswith("unusable_url: ")


async def test_removing_a_webhook_is_confirmed(web: Web) -> None:
    wire = await desk(web, "integrations")
    await wire.ask("add_webhook", name="hook", url=URL, confirm="hook")
    assert (await wire.refused("remove_webhook", name="hook")).startswith("not_confirmed")
    await wire.ask("remove_webhook", name="hook", confirm="hook")
    assert web.events(WebhookRemoved)
    assert secrets_of(web, "hook") == ()
    assert (await wire.refused("get_webhook", name="hook")).startswith("unknown_webhook")


async def test_other_services_credentials_are_listed_by_name_and_nothing_else(web: Web) -> None:
    await web.execute(AddResourceServer("api", f"{web.issuer}/mcp/user", "digest-of-a-secret"))
    token = web.system.bus.call_blocking(
        lambda work: add_token(work.rows, "okta", web.system.clock())
    )
    wire = await desk(web, "integrations")
    result = await wire.call("list_service_credentials")
    found = result["structuredContent"]
    assert [one["name"] for one in found["resource_servers"]] == ["api"]
    assert [one["name"] for one in found["scim_tokens"]] == ["okta"]
    assert token not in json.dumps(result)
    assert "digest-of-a-secret" not in json.dumps(result)
    done = await wire.ask("remove_resource_server", name="api", confirm="api")
    assert done["changes"] == [{"field": "may_ask", "before": True, "after": False}]
    assert web.events(ResourceServerRemoved)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("get_integration", {"name": "none"}),
        ("add_integration", {"name": "Bot!", "rights": ["decide"]}),
        ("add_integration", {"name": "bot", "rights": []}),
        ("add_integration", {"name": "bot", "rights": ["rule"]}),
        ("add_integration", {"name": "bot", "rights": ["decide"], "nats_public_key": "S" * 56}),
        ("add_integration", {"name": "bot", "rights": ["decide"], "signing_key": "short"}),
        ("add_integration", {"name": "bot", "rights": ["decide"], "seed": "SUA"}),
        ("add_integration", {"name": "bot", "rights": ["decide"], "apps": ["\u0000 "]}),
        ("change_integration", {"name": "none", "rights": ["decide"]}),
        ("remove_integration", {"name": "none", "confirm": "none"}),
        ("add_webhook", {"name": "hook", "url": "javascript:alert(1)"}),
        ("add_webhook", {"name": "hook", "url": "http://hooks.example/plain"}),
        ("add_webhook", {"name": "hook", "url": "https://user:pass@hooks.example/"}),
        ("add_webhook", {"name": "hook", "url": URL, "events": ["no.such"]}),
        ("add_webhook", {"name": "hook", "url": URL, "events": []}),
        ("add_webhook", {"name": "../hook", "url": URL}),
        ("change_webhook", {"name": "none", "url": URL}),
        ("switch_webhook", {"name": "none", "state": "paused"}),
        ("switch_webhook", {"name": "hook", "state": "disabled"}),
        ("redeliver_webhook", {"name": "none"}),
        ("remove_webhook", {"name": "none", "confirm": "none"}),
        ("get_webhook", {"name": "none\ud800", "size": 5}),
        ("remove_resource_server", {"name": "none", "confirm": "none"}),
        ("list_service_credentials", {"show": "secrets"}),
    ],
)
async def test_hostile_arguments_are_refused_and_nothing_happens(
    web: Web, tool: str, arguments: dict[str, object]
) -> None:
    wire = await desk(web, "integrations")
    before = events(web)
    said = await wire.refused(tool, **arguments)
    assert said.split(":")[0] in {
        "invalid_arguments",
        "malformed_text",
        "no_rights",
        "unusable_url",
        "bad_topic_pattern",
        "unknown_integration",
        "unknown_webhook",
        "unknown_resource_server",
    }
    assert events(web) == before
