"""The apps over the wire: which tools name them, who reads them, and that all else is as it was."""

from __future__ import annotations

from typing import Any

import pytest

from server.mcp.app_links import CATALOG_PICKER, EXTENSION, MIME_TYPE, STATUS_CARD
from server.wiring import System
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.web import web_of

pytestmark = pytest.mark.anyio
SHOWS_APPS = {"extensions": {EXTENSION: {"mimeTypes": [MIME_TYPE]}}}
SHOWN_IN = {
    "search_apps": CATALOG_PICKER,
    "search_requestable_permissions": CATALOG_PICKER,
    "submit_access_request": STATUS_CARD,
    "list_access_requests": STATUS_CARD,
}


async def read(wire: Wire, uri: str) -> dict[str, Any]:
    """Read a resource; return the whole answer."""
    params: dict[str, Any] = {"uri": uri}
    headers: dict[str, str | bytes] = {}
    if wire.era == MODERN:
        params["_meta"] = {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": wire.capabilities,
        }
        headers = {"mcp-method": "resources/read", "mcp-name": uri}
    body = {"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": params}
    answer: dict[str, Any] = (await wire.post(body, **headers)).json()
    return answer


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_tools_name_their_app_and_the_app_is_read(system: System, era: str) -> None:
    async with web_of(system) as web:
        wire = await web.wire(era=era)
        listed = (await wire.request("tools/list")).json()["result"]["tools"]
        named = {
            one["name"]: one["_meta"]["ui"]["resourceUri"] for one in listed if "_meta" in one
        }
        assert named == SHOWN_IN
        for uri in set(named.values()):
            [page] = (await read(wire, uri))["result"]["contents"]
            assert (page["uri"], page["mimeType"]) == (uri, MIME_TYPE)
            assert page["text"].startswith("<!doctype html>")
            nothing: dict[str, list[str]] = {"connectDomains": [], "resourceDomains": []}
            assert page["_meta"] == {"ui": {"csp": nothing, "prefersBorder": False}}


async def test_a_client_that_shows_no_apps_gets_the_same(system: System) -> None:
    async with web_of(system) as web:
        plain = await web.wire()
        shows = Wire(plain.http, plain.issuer, plain.token, capabilities=SHOWS_APPS)
        for name, given in (("search_apps", {"name_search": "crm"}), ("list_access_requests", {})):
            told = await plain.call(name, **given)
            assert told == await shows.call(name, **given)
            assert told["content"][0]["text"]
        listed = (await plain.request("resources/list")).json()["result"]["resources"]
        assert [one for one in listed if one["uri"].startswith("ui:")] == []


async def test_what_is_no_app_is_not_found(system: System) -> None:
    async with web_of(system) as web:
        wire = await web.wire()
        for uri in ("ui://doorward/other", f"{STATUS_CARD}/", "ui://other/request-status"):
            assert "result" not in await read(wire, uri)


async def test_the_page_offers_what_is_listed_for_its_reader(system: System) -> None:
    async with web_of(system) as web:
        [page] = (await read(await web.wire(), STATUS_CARD))["result"]["contents"]
        assert 'data-tools="list_access_requests"' in page["text"]
