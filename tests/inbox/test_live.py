"""Pages that are told when they are out of date, over a real socket: a stream has no end, and only there
is it heard as it comes."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import httpx
import pytest
from playwright.async_api import Route, async_playwright

from adapters.open_store import MEMORY
from server.app import Application
from server.http_server.web_server import WebServer
from server.wiring import System
from tests import seeds
from tests.e2e.browsing import chromium_path
from tests.inbox.test_pages import asked, visitor
from tests.inbox.visitor import Visitor
from tests.two_stages import prepare
from tests.web import Web

pytestmark = pytest.mark.anyio
NOTHING = ": alive"


@pytest.fixture
async def web(system: System) -> AsyncIterator[Web]:
    prepare(system)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        settings = replace(system.settings, port=bound.getsockname()[1])
        placed = replace(system, settings=settings)
        served = Application(placed)
        listening = WebServer(served.app, draining=served.close_streams)
        transport = httpx.AsyncHTTPTransport()
        async with (
            served.run(),
            anyio.create_task_group() as group,
            httpx.AsyncClient(transport=transport) as http,
        ):
            group.start_soon(listening.serve, [bound])
            yield Web(placed, http, transport)  # type: ignore[arg-type]  # the same over a socket
            listening.stop()


def mark_on(page: httpx.Response) -> str:
    """Return the mark that a page carries."""
    found = re.search(r'<body data-mark="([0-9a-f]{64})"', page.text)
    assert found is not None, page.text
    return found[1]


@asynccontextmanager
async def told(
    who: Visitor, last: bytes = b"", **asked_for: str
) -> AsyncIterator[AsyncIterator[str]]:
    """Open a stream as a browser does, which after a reconnect sends the `last` id that it was
    told; yields what it tells."""
    url = httpx.URL(who.address("/inbox/events"), params=asked_for)
    headers = [(b"Last-Event-ID", last)] if last else []
    async with who.http.stream("GET", url, headers=headers) as answer:
        assert answer.status_code == 200
        blocks = _blocks(answer)
        assert await anext(blocks) == "retry: 5000"
        yield blocks


async def _blocks(answer: httpx.Response) -> AsyncIterator[str]:
    block: list[str] = []
    async for line in answer.aiter_lines():
        if line:
            block.append(line)
        else:
            yield "\n".join(block)
            block.clear()


def change(mark: str) -> str:
    """Return how a stream tells that a page would now carry this mark."""
    return f"id: {mark}\nevent: changed\ndata: 1"


async def test_what_came_between_a_page_and_its_stream_is_told_at_once(web: Web) -> None:
    bob = await visitor(web, "bob")
    shown = mark_on(await bob.get("/inbox"))
    await asked(web)
    async with told(bob, mark=shown) as blocks:
        assert await anext(blocks) == change(mark_on(await bob.get("/inbox")))


async def test_a_page_of_a_request_hears_what_was_said_before_its_stream_opened(web: Web) -> None:
    path = await asked(web)
    bob, alice = await visitor(web, "bob", path), await visitor(web, "alice", path)
    shown = mark_on(await bob.get(path))
    await alice.done(path, "comment", text="It is for the audit")
    async with told(bob, mark=shown, request=path.removeprefix("/requests/")) as blocks:
        assert await anext(blocks) == change(mark_on(await bob.get(path)))


async def test_after_a_reconnect_what_was_told_last_counts(web: Web) -> None:
    bob = await visitor(web, "bob")
    shown = mark_on(await bob.get("/inbox"))
    async with told(bob, mark=shown) as blocks:
        assert await anext(blocks) == NOTHING
        await asked(web)
        second = mark_on(await bob.get("/inbox"))
        assert await anext(blocks) == change(second)
    async with told(bob, second.encode(), mark=shown) as blocks:
        assert await anext(blocks) == NOTHING
    await asked(web, seeds.WRITER)
    async with told(bob, second.encode(), mark=shown) as blocks:
        assert await anext(blocks) == change(mark_on(await bob.get("/inbox")))


@pytest.mark.parametrize("database_url", [MEMORY])
async def test_every_live_page_carries_the_mark_of_whoever_looks(web: Web) -> None:
    path = await asked(web)
    alice, admin = await visitor(web, "alice"), await visitor(web, "admin")
    for page in ("/inbox", "/access"):
        async with told(alice, mark=mark_on(await alice.get(page))) as blocks:
            assert await anext(blocks) == NOTHING
    marks = [mark_on(await admin.get(page)) for page in ("/inbox", "/admin/requests", path)]
    assert mark_on(await alice.get("/inbox")) != marks[0] == marks[1] != marks[2]


@pytest.mark.parametrize("database_url", [MEMORY])
@pytest.mark.parametrize(
    ("mark", "last"),
    [
        ("", b""),
        ("9" * 12_000, b""),
        ("\0\r\n\r\nevent: x\N{SNOWMAN}\N{OBJECT REPLACEMENT CHARACTER}", b""),
        ("1", b"9" * 30_000),
        ("1", b"\x80\xff\xfe"),
    ],
    ids=["none", "long", "binary", "long header", "binary header"],
)
async def test_a_mark_that_is_not_ours_is_merely_another(web: Web, mark: str, last: bytes) -> None:
    bob = await visitor(web, "bob")
    now = mark_on(await bob.get("/inbox"))
    async with told(bob, last, mark=mark) as blocks:
        assert await anext(blocks) == change(now)


@pytest.mark.parametrize("database_url", [MEMORY])
async def test_a_browser_shows_what_came_before_its_stream_was_open(web: Web) -> None:
    async def late(stream: Route) -> None:
        await asked(web)
        await stream.continue_()

    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox"]
        )
        page = await chromium.new_page()
        await page.route("**/inbox/events*", late, times=1)
        await page.goto(f"{web.issuer}/inbox")
        await page.fill("input[name=username]", "bob")
        await page.fill("input[name=password]", seeds.PASSWORD)
        await page.click("button")
        await page.get_by_role("link", name="Reader").wait_for(timeout=10_000)
        await chromium.close()
