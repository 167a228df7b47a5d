"""Who is calling, how the server is doing, and which features are on."""

from __future__ import annotations

import pytest

from domain.feature import FeatureDisabled, FeatureEnabled
from server.oauth.resources import TOOLSETS
from tests.mcp.administration.desk import desk, events
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.web import Web

pytestmark = pytest.mark.anyio
CANCEL = "cancel_access_request"


async def test_whoami_says_who_acts_and_what_he_may_do_here(web: Web) -> None:
    wire = await desk(web, scope=TOOLSETS["core"].read)
    told = await wire.ask("whoami")
    assert told["person"]["username"] == "bob"
    assert told["client"]["name"] == "Test client"
    assert told["toolsets"]["core"] == ["read", "write (not consented)"]
    assert told["toolsets"]["people"] == ["read (not consented)", "write (not consented)"]


async def test_an_auditor_sees_what_his_role_lets_him(web: Web) -> None:
    wire = await desk(web, "core", username="robot")
    assert await wire.tools() == ["whoami", "get_server_status", "list_features"]
    told = (await wire.ask("whoami"))["toolsets"]
    assert (told["core"], told["audit"]) == (["read"], ["read (not consented)"])
    assert not any(told[name] for name in TOOLSETS if name not in {"core", "audit"})
    hidden = await wire.request("tools/call", {"name": "set_feature", "arguments": {}})
    nowhere = await wire.request("tools/call", {"name": "no_such_tool", "arguments": {}})
    assert hidden.json()["error"] == nowhere.json()["error"]


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_the_status_is_what_readiness_knows(web: Web, era: str) -> None:
    wire = await desk(web, "core", era=era)
    told = await wire.ask("get_server_status")
    ready = (await web.http.get(f"{web.issuer}/readyz")).json()
    assert (told["status"], told["reasons"]) == ("ready", [])
    assert set(ready) < set(told)
    assert told["behind"] == ready["behind"]


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_a_feature_is_turned_on_and_off_for_everybody_at_once(web: Web, era: str) -> None:
    alice = await web.wire("alice")
    assert CANCEL not in await alice.tools()
    wire = await desk(web, "core", era=era)
    on = await wire.ask("set_feature", feature=CANCEL, on=True)
    assert on["changes"] == [{"field": "on", "before": False, "after": True}]
    assert CANCEL in await alice.tools()
    again = await wire.ask("set_feature", feature=CANCEL, on=True)
    assert (again["outcome"], again["version"]) == ("unchanged", on["version"])
    listed = {one["name"]: one for one in (await wire.ask("list_features"))["items"]}
    assert (listed[CANCEL]["on"], listed[CANCEL]["version"]) == (True, on["version"])
    stale = await wire.refused("set_feature", feature=CANCEL, on=False, expected_version=0)
    assert stale.startswith("stale_version")
    await wire.ask("set_feature", feature=CANCEL, on=False, expected_version=on["version"])
    assert CANCEL not in await alice.tools()
    assert len(web.events(FeatureEnabled, FeatureDisabled)) == 2


async def test_a_dry_run_turns_nothing_on(web: Web) -> None:
    wire = await desk(web, "core")
    before = events(web)
    told = await wire.ask("set_feature", feature=CANCEL, on=True, dry_run=True)
    assert (told["outcome"], events(web)) == ("would_change", before)


async def test_no_client_gives_itself_leave_to_decide(web: Web) -> None:
    wire = await desk(web, "core")
    for dry_run in (True, False):
        said = await wire.refused(
            "set_feature", feature="decide_request", on=True, dry_run=dry_run
        )
        assert said.startswith("operator_only: ")
        assert "web page of the features" in said
        assert "doorward feature" not in said, "a client with a shell would type it"
    assert not web.events(FeatureEnabled)


async def test_why_deciding_is_off_is_said_where_features_are_listed(web: Web) -> None:
    wire = await desk(web, "core")
    text = (await wire.call("list_features"))["content"][0]["text"]
    (told,) = [one for one in text.splitlines() if "decide_request" in one]
    assert told.startswith("- decide_request: off.")
    assert "nobody can tell a person's own decision" in told
    assert "doorward feature" not in text


@pytest.mark.parametrize("feature", ["fly", "", "x" * 300, 7, None, ["a"]])
async def test_a_feature_that_is_none_is_refused(web: Web, feature: object) -> None:
    wire = await desk(web, "core")
    said = await wire.refused("set_feature", feature=feature, on=True)
    assert said.startswith("invalid_arguments")


async def test_reading_alone_does_not_switch(web: Web) -> None:
    wire: Wire = await desk(web, "core", scope=TOOLSETS["core"].read)
    answer = await wire.request(
        "tools/call", {"name": "set_feature", "arguments": {"feature": CANCEL, "on": True}}
    )
    assert answer.status_code == 403
    assert f'scope="{" ".join(TOOLSETS["core"].scopes)}"' in answer.headers["www-authenticate"]
