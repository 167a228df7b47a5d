"""Each page in a real browser: wide and narrow, in both colour schemes, with every header in force."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import httpx
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from adapters.open_store import MEMORY
from server.app import Application
from server.http_server.web_server import WebServer
from server.wiring import System
from tests import seeds
from tests.audit_pages.scene import ROBOT, Scene
from tests.e2e.browsing import chromium_path
from tests.e2e.test_pages import AXE
from tests.two_stages import prepare
from tests.web import Web

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", [MEMORY])]
SIZES = ((1280, "light"), (390, "dark"))


@asynccontextmanager
async def over_a_socket(system: System) -> AsyncIterator[Web]:
    """Serve a system where a browser finds it."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        settings = replace(system.settings, port=bound.getsockname()[1])
        placed = replace(system, settings=settings)
        served = Application(placed)
        listening = WebServer(served.app, draining=served.close_streams)
        async with served.run(), anyio.create_task_group() as group, httpx.AsyncClient() as http:
            group.start_soon(listening.serve, [bound])
            yield Web(placed, http, httpx.AsyncHTTPTransport())  # type: ignore[arg-type]  # the same over a socket
            listening.stop()


@pytest.fixture
async def scene(system: System) -> AsyncIterator[Scene]:
    prepare(system)
    async with over_a_socket(system) as web:
        yield Scene(web)


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    path = chromium_path()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def sign_in(page: Page, issuer: str) -> None:
    await page.goto(f"{issuer}/audit")
    await page.get_by_label("User name").fill(ROBOT)
    await page.get_by_label("Password").fill(seeds.PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="What happened").wait_for()


async def check(page: Page, width: int, shot: Path) -> None:
    """Assert that the page fits the screen and, where axe is installed, that it finds nothing."""
    await page.screenshot(path=shot, full_page=True)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width, shot.name
    if AXE.exists():
        await page.evaluate(AXE.read_text())
        found = await page.evaluate("axe.run()")
        assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []


async def test_every_page_fits_every_screen_and_breaks_no_policy(
    scene: Scene, chromium: Browser, tmp_path: Path
) -> None:
    await scene.weeks(40)
    request_id = await scene.asked()
    await scene.decided(request_id, seeds.BOB)
    await scene.followed()
    issuer, complaints = scene.web.issuer, list[str]()
    for width, scheme in SIZES:
        async with await chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]  # one of the two
        ) as context:
            page = await context.new_page()
            page.on("console", lambda message: complaints.append(message.text))
            await sign_in(page, issuer)
            for name, path in (
                ("timeline", "/audit"),
                ("filtered", "/audit?actor=bob&type=access_request"),
                ("event", "/audit/events/20"),
                ("story", f"/audit/requests/{request_id}"),
                ("requests", "/audit/as-of?what=requests"),
                ("policies", "/audit/as-of?what=policies"),
                ("fault", "/audit?from=never"),
                ("verify", "/audit/verify"),
            ):
                await page.goto(f"{issuer}{path}")
                for summary in await page.locator("figure summary, details.filters summary").all():
                    if name == "timeline":
                        await summary.click()
                if name == "verify":
                    await page.get_by_role("button", name="Verify the chain now").click()
                    await expect(page.get_by_text("events in less than a second")).to_be_visible()
                await check(page, width, tmp_path / f"{name}-{width}.png")
    assert [one for one in complaints if "Content Security Policy" in one] == []


async def test_the_slider_shows_another_moment_with_and_without_script(
    scene: Scene, chromium: Browser
) -> None:
    await scene.asked()
    await scene.followed()
    for scripted in (True, False):
        async with await chromium.new_context(java_script_enabled=scripted) as context:
            page = await context.new_page()
            await sign_in(page, scene.web.issuer)
            await page.goto(f"{scene.web.issuer}/audit/as-of?what=policies")
            await page.get_by_label("Where in the log").focus()
            await page.keyboard.press("Home")
            if not scripted:
                await page.get_by_role("button", name="Show it").click()
            await expect(page.locator("#found h2")).to_have_text("Before the first event")
            await expect(page).to_have_url(re.compile(r"position=0&"))
            await page.get_by_label("Where in the log").focus()
            await page.keyboard.press("End")
            if not scripted:
                await page.get_by_role("button", name="Show it").click()
            await expect(page.get_by_text("What crm, version 1, said")).to_be_visible()
