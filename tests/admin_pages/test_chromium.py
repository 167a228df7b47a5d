"""The pages of roles and features in a real browser: pressed by keyboard, wide and narrow, in both colour schemes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from adapters.open_store import MEMORY
from domain.feature import FeatureEnabled
from domain.person import GrantRole, Role, RoleGranted, RoleReleased
from server.wiring import System
from tests import seeds
from tests.audit_pages.test_chromium import SIZES, check, over_a_socket
from tests.e2e.browsing import chromium_path
from tests.seeds import BOB
from tests.web import Web

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", [MEMORY])]


@pytest.fixture
async def web(system: System) -> AsyncIterator[Web]:
    async with over_a_socket(system) as served:
        await served.execute(GrantRole(BOB, Role.ADMINISTRATOR))
        yield served


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox"]
        )
        yield browser
        await browser.close()


async def sign_in(page: Page, issuer: str) -> None:
    await page.goto(f"{issuer}/admin/roles")
    await page.get_by_label("User name").fill("bob")
    await page.get_by_label("Password").fill(seeds.PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Roles", exact=True).wait_for()


@pytest.mark.parametrize(("width", "scheme"), SIZES)
async def test_a_role_and_a_feature_are_changed_by_keyboard_alone(
    web: Web, chromium: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    page = await chromium.new_page(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    await sign_in(page, web.issuer)
    await page.get_by_label("User name or id").fill("alice")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Give the role auditor").press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("It is done")
    await expect(page.get_by_text("Bob Example gave the role auditor")).to_be_visible()
    await check(page, width, tmp_path / "roles.png")
    await page.get_by_role("button", name="Release the role auditor").press("Enter")
    await expect(page.get_by_text("Bob Example released the role auditor")).to_be_visible()
    assert [one.role for one in web.events(RoleGranted)] == [Role.ADMINISTRATOR, Role.AUDITOR]
    assert [one.role for one in web.events(RoleReleased)] == [Role.AUDITOR]
    await page.get_by_role("link", name="Features", exact=True).press("Enter")
    await page.get_by_role("button", name="Turn on cancel_access_request").press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("It is done")
    await check(page, width, tmp_path / "features.png")
    assert [one.name for one in web.events(FeatureEnabled)] == ["cancel_access_request"]
