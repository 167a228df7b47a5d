"""A person's requests are resources: his own, and nobody else's."""

from __future__ import annotations

import json
from dataclasses import replace

import httpx
import pytest

from domain.person import PutPerson, Role
from server.mcp.icons import PATH
from server.mcp.resources.requests import NEWEST
from server.wiring import System
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.seeds import ALICE, BOB, CONTEXT, person
from tests.web import Web, web_of

pytestmark = pytest.mark.anyio
ERAS = pytest.mark.parametrize("era", [MODERN, LEGACY])


async def submitted(wire: Wire, app_id: str = "wiki") -> str:
    """Submit a request; return its URI."""
    done = await wire.ask(
        "submit_access_request", app_id=app_id, business_justification="To write"
    )
    return f"doorward://requests/{done['access_requests'][0]['id']}"


@ERAS
async def test_a_request_is_listed_and_read_as_get_access_request_tells_it(
    system: System, era: str
) -> None:
    flagged = replace(system.settings, features=frozenset({"get_access_request"}))
    async with web_of(replace(system, settings=flagged)) as web:
        wire = await web.wire(era=era)
        uri = await submitted(wire)
        (listed,) = (await wire.result("resources/list"))["resources"]
        assert listed == {
            "uri": uri,
            "name": uri.rpartition("/")[2],
            "title": "Wiki: Wiki",
            "description": "PENDING_MANAGER_APPROVAL",
            "mimeType": "application/json",
        }
        (contents,) = (await wire.result("resources/read", uri=uri))["contents"]
        told = await wire.ask("get_access_request", access_request_id=listed["name"])
        assert json.loads(contents["text"]) == told["access_request"]
        assert (contents["uri"], contents["mimeType"]) == (uri, "application/json")
        assert told["access_request"]["history"]


@ERAS
async def test_another_persons_request_looks_like_none_at_all(web: Web, era: str) -> None:
    """Of an URI that holds what no database can, as well."""
    alice, carol = await web.wire("alice", era=era), await web.wire("carol", era=era)
    theirs = await submitted(alice)
    assert (await carol.result("resources/list"))["resources"] == []
    answers = [
        await carol.fault("resources/read", uri=uri)
        for uri in (
            theirs,
            "doorward://requests/none",
            "doorward://requests/",
            "doorward://requests/\0",
            f"doorward://requests/{'x' * 5000}",
        )
    ]
    assert {(one["code"], one["message"]) for one in answers} == {
        (-32602 if era == MODERN else -32002, "There is no such resource.")
    }
    assert answers[0]["data"] == {"uri": theirs}


async def test_requests_are_hidden_with_the_tools_that_show_them(web: Web) -> None:
    wire = await web.wire()
    uri = await submitted(wire)
    record = replace(person(ALICE), roles=(Role.AUDITOR,))
    await web.system.bus.execute(PutPerson(ALICE, record), CONTEXT)
    assert (await wire.result("resources/list"))["resources"] == []
    assert (await wire.fault("resources/read", uri=uri))["code"] == -32602


async def test_the_list_is_of_the_newest_and_kept_by_nobody(web: Web) -> None:
    wire = await web.wire()
    await submitted(wire)
    newest = await submitted(wire, "crm")
    result = await wire.result("resources/list")
    assert result["resources"][0]["uri"] == newest
    assert len(result["resources"]) <= NEWEST
    for method, params in (
        ("resources/list", {}),
        ("resources/read", {"uri": newest}),
        ("resources/templates/list", {}),
        ("prompts/list", {}),
    ):
        answer = await wire.result(method, **params)
        assert (answer["cacheScope"], answer["ttlMs"]) == ("private", 0)


async def test_what_is_not_offered_is_unknown_and_no_capability_speaks_of_it(web: Web) -> None:
    record = replace(person(BOB), roles=(Role.EMPLOYEE, Role.ADMINISTRATOR))
    await web.execute(PutPerson(BOB, record))
    tokens = await web.flow("/mcp/admin").sign_in(web.browser("bob"))
    for era, status in ((MODERN, 404), (LEGACY, 200)):
        admin = Wire(web.http, web.issuer, tokens["access_token"], era, "/mcp/admin")
        for method in ("prompts/list", "resources/list", "resources/templates/list"):
            answer = await admin.request(method)
            assert answer.status_code == status
            assert answer.json()["error"]["code"] == -32601
    alice = await web.wire()
    modern = Wire(web.http, web.issuer, tokens["access_token"], MODERN, "/mcp/admin")
    theirs, ours = [
        set((await one.result("server/discover"))["capabilities"]) for one in (modern, alice)
    ]
    assert theirs == {"tools"}
    assert ours == {"tools", "prompts", "resources", "completions"}


async def test_the_servers_picture_is_a_file_of_its_own(web: Web) -> None:
    wire = await web.wire()
    meta = (await wire.result("server/discover"))["_meta"]
    (icon,) = meta["io.modelcontextprotocol/serverInfo"]["icons"]
    assert icon["src"] == f"{web.issuer}{PATH}"
    answer: httpx.Response = await web.http.get(icon["src"])
    assert answer.headers["content-type"].startswith(icon["mimeType"])
    assert answer.headers["content-security-policy"] == "default-src 'none'"
    assert answer.text.startswith("<svg ")
