"""Bodies that are read in one way where scopes are looked up and in another where the call is made: a token lets in
no further for it, and whoever may call does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.access_request import RequestSubmitted
from tests.mcp.administration.desk import desk, events
from tests.mcp.wire import LEGACY, MODERN
from tests.web import Web

pytestmark = pytest.mark.anyio
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}
TWISTED = {
    "a number that is none": '"method":M,"x":NaN,"params":P',
    "an endless number": '"method":M,"x":-Infinity,"params":P',
    "a number that is too large": '"method":M,"x":1e999,"params":P',
    "params twice": '"method":M,"x":1,"params":{"name":5},"params":P',
    "params of another kind": '"method":M,"x":1,"params":[],"params":P',
    "the method twice": '"method":7,"method":M,"x":1,"params":P',
    "the method last": '"params":P,"x":NaN,"method":"ping","method":M',
    "a deep member": f'"method":M,"x":{"[" * 150}{"]" * 150},"params":P',
    "a deeper member": f'"method":M,"x":{"[" * 5000}{"]" * 5000},"params":P',
    "half a character": '"method":M,"x":"\\ud800","params":P',
    "a member in escapes": '"m\\u0065thod":M,"x":NaN,"par\\u0061ms":P',
}


def body(twisted: str, tool: str, arguments: dict[str, Any], era: str) -> bytes:
    """Return a call that is twisted like this."""
    params = {"name": tool, "arguments": arguments, **({"_meta": META} if era == MODERN else {})}
    members = twisted.replace(":M", ':"tools/call"').replace(":P", f":{json.dumps(params)}")
    return f'{{"jsonrpc":"2.0","id":1,{members}}}'.encode()


def headers(tool: str, era: str) -> dict[str, str | bytes]:
    """Return what a call says of itself in its headers."""
    return {"mcp-method": "tools/call", "mcp-name": tool} if era == MODERN else {}


@pytest.mark.parametrize("era", [MODERN, LEGACY])
@pytest.mark.parametrize("name", list(TWISTED))
async def test_no_body_calls_a_tool_whose_scopes_the_token_lacks(
    web: Web, name: str, era: str
) -> None:
    wire = await desk(web, "core", era=era)
    wire.path, before = "/mcp/admin", events(web)
    tool, given = "put_person", {"username": "mallory"}
    answer = await wire.post(body(TWISTED[name], tool, given, era), **headers(tool, era))
    assert answer.status_code in {400, 403}, answer.text
    assert events(web) == before


@pytest.mark.parametrize("era", [MODERN, LEGACY])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
async def test_nor_does_one_in_another_encoding(web: Web, encoding: str, era: str) -> None:
    wire = await desk(web, "core", era=era)
    wire.path, before = "/mcp/admin", events(web)
    tool, given = "put_person", {"username": "mallory"}
    sent = body('"method":M,"params":P', tool, given, era).decode().encode(encoding)
    answer = await wire.post(sent, **headers(tool, era))
    assert answer.status_code in {400, 403}, answer.text
    assert events(web) == before


@pytest.mark.parametrize("era", [MODERN, LEGACY])
@pytest.mark.parametrize("name", list(TWISTED))
async def test_nor_does_who_may_only_read_submit(web: Web, name: str, era: str) -> None:
    wire = await web.wire("alice", scope="doorward:user:read", era=era)
    tool, given = "submit_access_request", {"app_id": "wiki", "business_justification": "Mine."}
    answer = await wire.post(body(TWISTED[name], tool, given, era), **headers(tool, era))
    assert answer.status_code in {400, 403}, answer.text
    assert not web.events(RequestSubmitted)


@pytest.mark.parametrize("name", ["a number that is none", "half a character", "params twice"])
async def test_who_may_call_is_answered(web: Web, name: str) -> None:
    wire = await desk(web, "core")
    answer = await wire.post(
        body(TWISTED[name], "whoami", {}, MODERN), **headers("whoami", MODERN)
    )
    assert answer.json()["result"]["structuredContent"]["person"]["username"] == "bob"
