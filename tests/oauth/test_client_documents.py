"""Clients whose id is the URL of their metadata document, and the names that clients give themselves."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.ports import DocumentUnavailable, FetchedDocument
from server.oauth.client_names import claims_too_much, clean_name, shown_host, shown_name
from server.setting_parsers import ClientDocuments
from server.wiring import System
from tests.mcp.wire import Wire
from tests.web import Web, web_with

pytestmark = pytest.mark.anyio
CLIENT = "https://claude.ai/clients/acme.json"
REDIRECT = "https://acme.example/cb"


@pytest.fixture
def database_url() -> str:
    """One database: documents stand before it."""
    return "sqlite:///:memory:"


class Publishers:
    """A `DocumentFetcher` over documents that a test writes: the network's own part is tested where
    the adapter is."""

    def __init__(self, **changes: object) -> None:
        self.fetched: list[str] = []
        self.document: dict[str, Any] = {
            "client_id": CLIENT,
            "client_name": "Acme",
            "redirect_uris": [REDIRECT],
            "logo_uri": "https://169.254.169.254/logo",
            **changes,
        }
        self.body: bytes | None = None

    async def fetch(self, url: str) -> FetchedDocument:
        self.fetched.append(url)
        await asyncio.sleep(0)
        if self.document.get("gone"):
            raise DocumentUnavailable("its host answered 404")
        body = json.dumps(self.document).encode() if self.body is None else self.body
        return FetchedDocument(body, 600)


async def test_a_published_client_signs_in_and_its_document_is_fetched_once(
    system: System,
) -> None:
    publishers = Publishers()
    async with web_with(replace(system, fetcher=publishers)) as (web, hands):
        flow, browser = web.flow(), web.browser()
        flow.client_id = CLIENT
        landed = await browser.visit(flow.authorization_url(redirect_uri=REDIRECT))
        assert "its publisher, claude.ai" in browser.pages[-1]
        code = landed.split("code=")[1].split("&")[0]
        publishers.document["gone"] = True
        hands.moved += timedelta(seconds=50)
        tokens = (await flow.redeem(code, redirect_uri=REDIRECT)).json()
        hands.moved += timedelta(minutes=20)
        refreshed = await flow.refresh(tokens["refresh_token"])
        assert refreshed.status_code == 200, "a document that is gone signs nobody out"
        assert await Wire(web.http, web.issuer, refreshed.json()["access_token"]).tools()
    assert publishers.fetched == [CLIENT]


async def test_many_at_once_make_one_fetch_and_the_cache_ends(system: System) -> None:
    publishers = Publishers()
    async with web_with(replace(system, fetcher=publishers)) as (web, hands):
        flow = web.flow()
        flow.client_id = CLIENT
        url = flow.authorization_url(redirect_uri=REDIRECT)
        answers = await asyncio.gather(*(web.browser().http.get(url) for _ in range(20)))
        assert {one.status_code for one in answers} == {200}
        assert len(publishers.fetched) == 1
        hands.moved += timedelta(seconds=601)
        await web.browser().http.get(url)
    assert len(publishers.fetched) == 2


async def test_a_failure_is_remembered_for_a_minute(system: System) -> None:
    publishers = Publishers(gone=True)
    async with web_with(replace(system, fetcher=publishers)) as (web, hands):
        flow = web.flow()
        flow.client_id = CLIENT
        url = flow.authorization_url(redirect_uri=REDIRECT)
        for _ in range(3):
            page = await web.browser().http.get(url)
            assert (page.status_code, "location" in page.headers) == (400, False)
        assert len(publishers.fetched) == 1
        hands.moved += timedelta(seconds=61)
        publishers.document.pop("gone")
        assert (await web.browser().http.get(url)).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "https://claude.ai/another"},
        {"client_id": 7},
        {"client_name": None},
        {"redirect_uris": []},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": ["http://evil.example/"]},
        {"redirect_uris": ["https://a.example/"] * 11},
        {"token_endpoint_auth_method": "client_secret_post"},
        {"client_secret": "x"},
        {"client_secret": None},
        {"client_secret_expires_at": 0},
        {"client_name": " "},
        {"grant_types": ["password"]},
        {"response_types": ["token"]},
    ],
)
async def test_a_document_that_may_not_say_so_makes_no_client(
    system: System, changes: dict[str, object]
) -> None:
    """draft-ietf-oauth-client-id-metadata-document §4."""
    publishers = Publishers(**changes)
    async with web_with(replace(system, fetcher=publishers)) as (web, _):
        flow = web.flow()
        flow.client_id = CLIENT
        page = await web.browser().http.get(flow.authorization_url(redirect_uri=REDIRECT))
        assert (page.status_code, "location" in page.headers) == (400, False)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"[" * 20_000, b"null"])
async def test_a_document_that_is_none_makes_no_client(system: System, body: bytes) -> None:
    publishers = Publishers()
    publishers.body = body
    async with web_with(replace(system, fetcher=publishers)) as (web, _):
        flow = web.flow()
        flow.client_id = CLIENT
        page = await web.browser().http.get(flow.authorization_url(redirect_uri=REDIRECT))
        assert page.status_code == 400


@pytest.mark.parametrize(
    "client_id",
    [
        "https://evil.example/client.json",
        "https://claude.ai.evil.example/client.json",
        "https://claude.ai@evil.example/client.json",
        "https://claude.ai",
        "https://claude.ai/",
        "https://claude.ai/../client.json",
        "https://claude.ai/a/%2E%2e/client.json",
        "https://claude.ai/client.json#x",
        "https://claude.ai/" + "x" * 2_000,
        "https://claude.ai/ü",
        "https://[claude.ai/x",
        "http://claude.ai/client.json",
    ],
)
async def test_what_is_not_on_the_list_is_not_even_fetched(system: System, client_id: str) -> None:
    """MCP, "SSRF Against Authorization Servers": no request leaves for a stranger's host."""
    publishers = Publishers()
    async with web_with(replace(system, fetcher=publishers)) as (web, _):
        flow = web.flow()
        flow.client_id = client_id
        page = await web.browser().http.get(flow.authorization_url(redirect_uri=REDIRECT))
        assert page.status_code == 400
    assert publishers.fetched == []


async def test_any_host_can_be_allowed_and_is_shown_as_unlisted(system: System) -> None:
    client_id = "https://clients.example/acme.json"
    publishers = Publishers(client_id=client_id)
    served = replace(system, fetcher=publishers)
    async with web_with(served, client_document_hosts=frozenset({"*"})) as (web, _):
        flow, browser = web.flow(), web.browser()
        flow.client_id = client_id
        await browser.visit(flow.authorization_url(redirect_uri=REDIRECT))
        assert "not on the list of known ones" in browser.pages[-1]
        faulty = flow.authorization_url(redirect_uri=REDIRECT, prompt="none")
        page = await web.browser().http.get(faulty)
        assert "location" not in page.headers, "a stranger's site is nobody to be bounced to"


async def test_pinned_clients_alone_are_known_where_that_is_set(system: System) -> None:
    publishers = Publishers()
    served = replace(system, fetcher=publishers)
    async with web_with(served, client_documents=ClientDocuments.PINNED) as (web, _):
        flow = web.flow()
        flow.client_id = CLIENT
        page = await web.browser().http.get(flow.authorization_url(redirect_uri=REDIRECT))
        assert page.status_code == 400
        flow.client_id = "https://claude.ai/oauth/claude-code-client-metadata"
        url = flow.authorization_url(redirect_uri="http://localhost:5/callback")
        assert (await web.browser().http.get(url)).status_code == 200
    assert publishers.fetched == []


@pytest.mark.parametrize(
    ("mode", "told"), [(ClientDocuments.ACCEPT, False), (ClientDocuments.ADVERTISE, True)]
)
async def test_it_is_advertised_where_that_is_set_alone(
    system: System, mode: ClientDocuments, *, told: bool
) -> None:
    """A client that reads it registers no more, and is stuck where nothing can be fetched."""
    async with web_with(system, client_documents=mode) as (web, _):
        url = f"{web.issuer}/.well-known/oauth-authorization-server"
        metadata = (await web.http.get(url)).json()
    assert metadata.get("client_id_metadata_document_supported", False) is told


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("Acme", "Acme"),
        ("  Acme \n\t Helper ", "Acme Helper"),
        ("Ac\u200bme\u202e", "Acme"),
        ("\uff21cme", "Acme"),
        ("", "An unnamed client"),
        ("\u200b", "An unnamed client"),
        ("\u3164", "An unnamed client"),
        ("\u2800", "An unnamed client"),
        ("Ac\u034fme\ufe0f", "Acme"),
        ("x" * 500, "x" * 80),
    ],
)
def test_a_name_is_registered_without_what_cannot_be_seen(name: str, clean: str) -> None:
    """RFC 7591 §5."""
    assert clean_name(name) == clean


def test_a_name_of_mixed_scripts_is_shown_as_what_it_is() -> None:
    assert shown_name("Cl\u0430ude") == r"Cl\u0430ude"
    assert shown_name("Клод") == "Клод"
    assert shown_name("Café 2") == "Café 2"
    assert shown_name("サーバー") == "サーバー"
    assert shown_name("東京アプリ Claude") == "東京アプリ Claude"
    assert shown_name("東京 \u0430") != "東京 \u0430", "Cyrillic has no place there"


@pytest.mark.parametrize(
    ("name", "flagged"),
    [
        ("Doorward Helper", True),
        ("DOORWARD", True),
        ("Acme (official)", True),
        ("Your Administrator", True),
        ("\uff24oorward", True),
        ("Doo\u034frward", True),
        ("Ádm\u0131n", True),
        ("Claude Code", False),
        ("Badminton planner", False),
    ],
)
async def test_a_name_that_claims_too_much_is_flagged(
    web: Web, name: str, *, flagged: bool
) -> None:
    assert claims_too_much(name) is flagged
    flow, browser = web.flow(), web.browser()
    await flow.register(client_name=name)
    await flow.answer(browser)
    assert ("It does not." in browser.pages[-1]) is flagged


def test_a_host_is_shown_in_ascii() -> None:
    """RFC 5891."""
    assert shown_host("b\u00fccher.example") == "xn--bcher-kva.example"
    assert shown_host("claude.ai") == "claude.ai"
    assert shown_host("\u0430" * 80) == r"\u0430" * 80


async def test_no_page_loads_anything_from_a_client(system: System) -> None:
    """A logo would tell its host who signs in, and lead inside."""
    publishers = Publishers()
    async with web_with(replace(system, fetcher=publishers)) as (web, _):
        flow, browser = web.flow(), web.browser()
        flow.client_id = CLIENT
        await browser.visit(flow.authorization_url(redirect_uri=REDIRECT))
    assert "169.254" not in "".join(browser.pages)
    assert "<img" not in "".join(browser.pages)
