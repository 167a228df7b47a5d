"""Every MCP request is counted by its method, and under no name that a caller has made up."""

from __future__ import annotations

import httpx
import pytest

from domain.ports import Unavailable
from server.mcp.watched_requests import KNOWN, OTHER, UNREAD
from tests.mcp.hearing import asking, headers_of, heard_of
from tests.mcp.wire import LEGACY, Wire
from tests.telemetry.scraping import Scraped, scraped
from tests.web import Web

pytestmark = pytest.mark.anyio
COUNT, SECONDS = "doorward_mcp_requests_total", "doorward_mcp_request_seconds_count"
GREETING = {
    "protocolVersion": LEGACY,
    "capabilities": {},
    "clientInfo": {"name": "a client", "version": "1"},
}


def outcomes(metrics: Scraped) -> dict[tuple[str, str, str], float]:
    """Return how many requests there were, by method, era and outcome."""
    return {
        (labels["method"], labels["era"], labels["outcome"]): value
        for name, labels, value in metrics.samples
        if name == COUNT
    }


async def test_methods_are_counted_by_era_and_outcome_with_their_duration(web: Web) -> None:
    modern, legacy = await web.wire(), await web.wire(era=LEGACY)
    for method in ("prompts/list", "resources/list", "resources/templates/list", "tools/list"):
        await modern.result(method)
        await legacy.result(method)
    await modern.result("server/discover")
    await legacy.result("initialize", **GREETING)
    await legacy.result("ping")
    await modern.fault("resources/read", uri="doorward://requests/none")
    await modern.fault("prompts/get", name="no such prompt")
    await modern.request("tools/call", {"name": "search_apps", "arguments": {}})
    metrics = await scraped(web)
    listed = ("prompts/list", "resources/list", "resources/templates/list", "tools/list")
    assert outcomes(metrics) == {
        **{(one, era, "answered"): 1 for one in listed for era in ("modern", "handshake")},
        ("server/discover", "modern", "answered"): 1,
        ("initialize", "handshake", "answered"): 1,
        ("ping", "handshake", "answered"): 1,
        ("resources/read", "modern", "refused"): 1,
        ("prompts/get", "modern", "refused"): 1,
        ("tools/call", "modern", "answered"): 1,
    }
    assert metrics.value(COUNT, resource="/mcp/user") == metrics.value(SECONDS)


async def test_names_that_callers_make_up_are_one_name(web: Web) -> None:
    modern, legacy = await web.wire(), await web.wire(era=LEGACY)
    for number in range(3):
        await modern.request(f"made/up{number}")
        await legacy.request(f"made/up{number}")
    await legacy.post(b"{")
    await legacy.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
    metrics = await scraped(web)
    assert "made/up" not in metrics.text
    assert {one for one, _era, _outcome in outcomes(metrics)} <= KNOWN | {OTHER, UNREAD}
    assert outcomes(metrics) == {
        (OTHER, "modern", "refused"): 3,
        (OTHER, "handshake", "refused"): 4,
        ("notifications/initialized", "handshake", "answered"): 1,
    }


async def test_who_may_not_ask_is_counted_as_such(web: Web) -> None:
    await Wire(web.http, web.issuer, None).request("prompts/list")
    await Wire(web.http, web.issuer, "dwa_none").request("prompts/list")
    writer = await web.wire(scope="doorward:user:write")
    assert (await writer.request("resources/list")).status_code == 403
    assert outcomes(await scraped(web)) == {
        (UNREAD, "handshake", "not_admitted"): 1,
        ("prompts/list", "modern", "not_admitted"): 1,
        ("resources/list", "modern", "not_admitted"): 1,
    }


async def test_what_the_sdk_answers_is_counted_by_what_it_answered(web: Web) -> None:
    wire = await web.wire(era=LEGACY)
    for method, params in (
        ("prompts/list", {"cursor": 1}),
        ("tools/call", {"name": "search_apps", "arguments": {}, "unread": True}),
        ("tools/call", {"name": "none", "arguments": {}, "unread": True}),
    ):
        await wire.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    assert outcomes(await scraped(web)) == {
        ("prompts/list", "handshake", "refused"): 1,
        ("tools/call", "handshake", "answered"): 1,
        ("tools/call", "handshake", "refused"): 1,
    }


async def test_an_outage_and_a_fault_of_ours_are_told_from_refusals(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = await web.wire()

    def away(*_: object) -> None:
        raise Unavailable("away")

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr("server.mcp.gate.verify", away)
        assert (await wire.request("tools/list")).status_code == 503
    with monkeypatch.context() as patched:
        patched.setattr("server.mcp.listing.Listing.of", broken)
        await wire.request("tools/list")
    assert outcomes(await scraped(web)) == {
        ("tools/list", "modern", "unavailable"): 1,
        ("tools/list", "modern", "failed"): 1,
    }


async def test_a_stream_is_counted_when_it_begins(web: Web) -> None:
    async with heard_of(web.system) as heard:
        wire = await heard.wire()
        body, headers = asking(1, {"toolsListChanged": True}), headers_of(wire)
        async with wire.http.stream("POST", wire.resource, json=body, headers=headers) as answer:
            assert answer.status_code == 200
            async with httpx.AsyncClient() as http:
                text = (await http.get(f"{heard.issuer}/metrics")).text
        assert 'method="subscriptions/listen",outcome="answered"' in text
