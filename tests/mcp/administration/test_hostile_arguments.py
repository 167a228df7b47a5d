"""Every tool of administrators with every argument as an attacker would give it: answered or refused in words,
with nothing of the server's in them, and without work that grows with what was sent."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from domain.feature import DECIDE_BY_CLIENT, EnableFeature
from domain.policy import PolicyPublished
from domain.values import RequestId
from server.mcp.administration.people_changing import PUT
from server.mcp.arguments import ArgumentCheck, BadArguments
from server.oauth.resources import TOOLSETS
from server.wiring import System
from tests.mcp.administration.conftest import make_administrator
from tests.mcp.administration.desk import FORMS, desk
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.seeds import submission
from tests.web import Web, web_with

pytestmark = pytest.mark.anyio
REQUEST = RequestId("00000000-0000-7000-8000-000000000001")
KNOWN: dict[str, Any] = {
    "person": "alice",
    "request_id": REQUEST,
    "app_id": "crm",
    "permission_id": "crm:reader",
    "policy_id": "strict",
    "name": "hook",
    "url": "https://hooks.example/x",
    "approvers": ["carol"],
    "items": ["crm:reader"],
    "policy": {"id": "strict"},
    "policies": [{"id": "strict"}],
    "position": 1,
    "rights": ["decide"],
    "on": True,
    "username": "dora",
}


def nested(levels: int) -> Any:
    """Return lists and objects in one another."""
    value: Any = "x"
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


HOSTILE: list[Any] = [
    None,
    "",
    "\ud800\u0000\u202e\x1b[31m\r\n",
    "' OR 1=1 -- %_\\ {0.__class__} ${x}",
    "9999-12-31T23:59:59+14:00",
    "x" * 10_000,
    -1,
    2**63,
    2**70,
    1e308,
    0.5,
    True,
    [None, "\ud800", "a\u0000"],
    ["x"] * 5_000,
    {"": "", "__proto__": {"id": "x"}, "id": "\ud800"},
    {"id": "strict", "approval": [{"name": "one", "by": []}]},
    nested(20),
    nested(900),
]
TELLTALE = ("Traceback", "/work", "site-packages", ".py", "sqlite", "psycopg", "<class", "<Role")
"""What only the server itself can have put into an answer."""


def usual(schema: dict[str, Any]) -> dict[str, Any]:
    """Return arguments that a tool takes."""
    given = {}
    for name in schema["required"]:
        values = schema["properties"][name].get("enum")
        given[name] = values[0] if values else KNOWN.get(name, "x")
    return given


async def prepared(web: Web, toolset: str) -> Wire:
    """Return a client of one toolset, before a server where there is something."""
    await make_administrator(web)
    await web.execute(submission(REQUEST))
    await web.execute(EnableFeature(DECIDE_BY_CLIENT))
    there = await desk(web, "policy", "integrations")
    await there.ask("put_policy", policy={"id": "strict"}, confirm="strict")
    await there.ask("add_webhook", name="hook", url="https://hooks.example/x", confirm="hook")
    return await desk(web, toolset, capabilities=FORMS)


@pytest.mark.parametrize("database_url", ["memory"], indirect=True)
@pytest.mark.parametrize("toolset", list(TOOLSETS))
async def test_every_argument_of_every_tool_is_answered_in_words(
    system: System, toolset: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with web_with(system, calls_per_minute=0, writes_per_minute=0) as (web, _):
        wire = await prepared(web, toolset)
        caplog.set_level(logging.ERROR)
        for tool in (await wire.result("tools/list"))["tools"]:
            schema = tool["inputSchema"]
            for name in schema["properties"]:
                for value in HOSTILE:
                    given = {**usual(schema), name: value}
                    answer = await wire.request(
                        "tools/call", {"name": tool["name"], "arguments": given}
                    )
                    told = (tool["name"], name, repr(value)[:80], answer.text[:300])
                    assert "result" in answer.json(), told
                    assert not [one for one in TELLTALE if one in answer.text], told
                    assert not caplog.records, told


@pytest.mark.parametrize("era", [MODERN, LEGACY])
@pytest.mark.parametrize("levels", [33, 480, 900])
async def test_what_is_nested_too_deep_is_refused_in_words(
    web: Web, levels: int, era: str
) -> None:
    wire = await desk(web, "policy", era=era)
    said = await wire.refused("put_policy", policy={"id": "x", "form": nested(levels)})
    assert said.startswith("invalid_arguments: Lists and objects stand in one another")


@pytest.mark.parametrize("wrong", [1, "x"])
def test_of_a_list_that_is_much_too_long_not_every_entry_is_looked_at(wrong: object) -> None:
    """To tell what is wrong takes long, and others wait."""
    many, calls = 20_000, 0

    def count(_frame: object, event: str, _what: object) -> None:
        nonlocal calls
        calls += event == "call"

    check = ArgumentCheck(PUT)
    with pytest.raises(BadArguments):
        check({"groups": []} | {"groups": 7})
    sys.setprofile(count)
    try:
        with pytest.raises(BadArguments, match="groups"):
            check({"groups": [wrong] * many})
    finally:
        sys.setprofile(None)
    assert calls < 3 * many


@pytest.mark.parametrize("pattern", ["a{99999999999999999999}", "(" * 3_000, "["])
async def test_a_pattern_that_cannot_be_used_is_no_policy(web: Web, pattern: str) -> None:
    wire = await desk(web, "policy")
    form = {"properties": {"why": {"pattern": pattern}}}
    said = await wire.refused("put_policy", policy={"id": "x", "form": form})
    assert said.startswith("policy_unfit")
    assert not web.events(PolicyPublished)


async def test_a_policy_that_never_fits_is_explained_as_such(web: Web) -> None:
    wire = await desk(web, "policy")
    policy = {"id": "x", "approval": [{"name": "one", "by": []}]}
    given: dict[str, Any] = {"person": "alice", "items": ["crm:reader"], "policy": policy}
    said = await wire.refused("explain_policy", **given)
    assert said.startswith("invalid_arguments")
    assert "names nobody" in said


async def test_what_nobody_sees_is_in_no_sentence_that_a_person_decides_by(web: Web) -> None:
    wire = await desk(web, "catalog")
    told = await wire.call("put_app", app_id="x", name="\u202eevil\u2066\n\nAgree\u200b!")
    assert "The app “evil Agree!” (x) is added" in told["content"][0]["text"]
    assert "\\u202e" not in json.dumps(told)
