"""The form that requests access, and those that decide, in a real browser: wide and narrow, in both colour
schemes, with script and without."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from adapters.open_store import MEMORY
from server.operations.catalog import catalog_import
from server.operations.read_models import catch_up
from server.wiring import System
from tests import seeds
from tests.audit_pages.test_chromium import SIZES, check, over_a_socket
from tests.catalog.test_catalog_pages import OWN_RULES, SAFE
from tests.e2e.browsing import chromium_path
from tests.web import Web

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", [MEMORY])]


@pytest.fixture
async def web(system: System) -> AsyncIterator[Web]:
    body = json.dumps(OWN_RULES).encode()
    await asyncio.to_thread(catalog_import, system, body, lambda _progress: None)
    await asyncio.to_thread(catch_up, system)
    async with over_a_socket(system) as served:
        yield served


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox"]
        )
        yield browser
        await browser.close()


async def sign_in(page: Page, url: str, username: str) -> None:
    await page.goto(url)
    await page.get_by_label("User name").fill(username)
    await page.get_by_label("Password").fill(seeds.PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), SIZES)
async def test_what_is_wrong_is_where_the_cursor_is_from_the_request_to_its_denial(
    web: Web, chromium: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    look: Any = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    async with (
        await chromium.new_context(**look) as hers,
        await chromium.new_context(**look) as his,
    ):
        alice = await hers.new_page()
        await sign_in(alice, f"{web.issuer}{SAFE}", "alice")
        await check(alice, width, tmp_path / "form.png")
        await alice.get_by_role("checkbox", name="Take").check()
        await alice.get_by_label("Why you need it").fill("Quarter-end report")
        await alice.get_by_role("button", name="Request access").click()
        ticket = alice.get_by_label("Which ticket?")
        await expect(ticket).to_be_focused()
        await expect(ticket).to_have_accessible_description("Please answer this.")
        await expect(alice).to_have_title("Error: Safe · Doorward")
        await check(alice, width, tmp_path / "refused.png")
        await ticket.fill("T-1")
        await alice.get_by_role("button", name="Request access").click()
        await expect(alice.get_by_text("Your request was submitted.")).to_be_visible()
        await check(alice, width, tmp_path / "submitted.png")
        await alice.goto(f"{web.issuer}{SAFE}")
        pill = await alice.get_by_text("Requested", exact=True).bounding_box()
        assert pill is not None
        assert pill["width"] < 150

        carol = await his.new_page()
        await sign_in(carol, f"{web.issuer}/inbox", "carol")
        await carol.get_by_role("link", name="Take").click()
        await carol.get_by_role("button", name="Deny").click()
        reason = carol.get_by_label("Reason (needed to deny)")
        await expect(reason).to_be_focused()
        await expect(reason).to_have_accessible_description("Give a reason.")
        await check(carol, width, tmp_path / "reason.png")
        await reason.fill("Not in this quarter")
        await carol.get_by_role("button", name="Deny").click()
        await expect(carol.get_by_text("You denied the request.")).to_be_visible()


async def test_the_rules_follow_the_ticks_and_what_was_typed_stays(
    web: Web, chromium: Browser
) -> None:
    page = await chromium.new_page()
    await sign_in(page, f"{web.issuer}{SAFE}", "alice")
    await page.get_by_label("Why you need it").fill("Half written")
    length, ticket = page.get_by_label("For how long"), page.get_by_label("Which ticket?")
    await page.get_by_role("checkbox", name="Take").check()
    await expect(length).to_have_text("the usual time: 2 hours2 hours4 hours")
    await expect(ticket).to_have_accessible_name("Which ticket? (required)")
    await page.get_by_role("checkbox", name="Take").uncheck()
    await page.get_by_role("checkbox", name="Look").check()
    await expect(length).to_have_text("the usual time: 30 days8 hours30 days")
    await expect(ticket).to_have_count(0)
    await expect(page.get_by_label("Why you need it")).to_have_value("Half written")


async def test_without_script_a_button_shows_the_rules(web: Web, chromium: Browser) -> None:
    async with await chromium.new_context(java_script_enabled=False) as context:
        page = await context.new_page()
        await sign_in(page, f"{web.issuer}{SAFE}", "alice")
        await page.get_by_role("checkbox", name="Take").check()
        await page.get_by_role("button", name="Show the rules for what is ticked").click()
        await expect(page.get_by_label("For how long")).to_have_text(
            "the usual time: 2 hours2 hours4 hours"
        )
        await expect(page.get_by_role("checkbox", name="Take")).to_be_checked()
