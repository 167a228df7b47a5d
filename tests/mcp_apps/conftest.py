"""Doorward over a socket with a catalog that means ill, Chromium, and a host before it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from playwright.async_api import Browser, FrameLocator, Page, async_playwright, expect

from server.operations.catalog import catalog_import
from server.operations.read_models import catch_up
from server.wiring import System
from tests.audit_pages.scene import Scene
from tests.audit_pages.test_chromium import over_a_socket
from tests.conftest import missing
from tests.e2e.browsing import chromium_path
from tests.mcp_apps.hosting import BRIDGE, hosting
from tests.two_stages import CATALOG, prepare

HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
REVERSED = "\u202egnp.exe\u202c"
SEEDED: dict[str, list[Any]] = dict(CATALOG)  # type: ignore[arg-type]  # lists of records
MORE: dict[str, list[Any]] = {
    "policies": [
        {
            "id": "quick",
            "justification_required": False,
            "pre_approved": [{"rule": "everybody", "longest": "30 days"}],
            "access_lengths": ["1 day", "7 days"],
            "default_access_length": "7 days",
        },
        {
            "id": "hours",
            "justification_required": False,
            "pre_approved": [{"rule": "everybody", "longest": "4 hours"}],
            "access_lengths": ["2 hours", "4 hours"],
            "default_access_length": "2 hours",
        },
        {
            "id": "odd",
            "justification_required": False,
            "form": {
                "properties": {
                    "constructor": {"title": "Builder"},
                    "toString": {"title": "Text"},
                    "__proto__": {"title": "Kind"},
                }
            },
        },
    ],
    "apps": [
        {
            "id": "evil",
            "name": f"Evil {HOSTILE}",
            "description": f"{REVERSED} {HOSTILE}",
            "instructions": HOSTILE,
            "audience": "everyone",
            "policy": "quick",
        },
        {
            "id": "notes",
            "name": "Notes",
            "description": "Notes for everybody.",
            "categories": ["Knowledge"],
            "audience": "everyone",
            "policy": "quick",
        },
        {"id": "odd", "name": "Oddly", "audience": "everyone", "policy": "odd"},
    ],
    "permissions": [
        {"id": "evil:all", "app_id": "evil", "label": f"All {HOSTILE}", "description": HOSTILE},
        {"id": "notes:edit", "app_id": "notes", "label": "Notes / Edit", "description": "Write."},
        {"id": "notes:read", "app_id": "notes", "label": "Notes / Read", "description": "Read."},
        {"id": "notes:send", "app_id": "notes", "label": "Notes / Send out", "policy": "hours"},
    ],
}


@dataclass
class Host:
    """A host with a page that shows apps."""

    page: Page
    scene: Scene
    complaints: list[str] = field(default_factory=list)

    def hear(self, kind: str, text: str) -> None:
        """Keep what the browser complains of, but for the stream by GET that no server of ours has."""
        if kind in {"error", "warning"} and "405" not in text:
            self.complaints.append(text)

    @property
    def app(self) -> FrameLocator:
        """The app in its two frames."""
        return self.page.frame_locator("iframe").frame_locator("iframe")

    async def show(self, name: str, args: dict[str, Any] | None = None, **how: Any) -> Any:
        """Call a tool as a model would, and show the app of its result."""
        given = {"name": name, "args": args or {}, **how}
        return await self.page.evaluate("(given) => window.show(given)", given)

    async def known(self) -> dict[str, Any]:
        """Return what the host has heard from the app, and which tools were called."""
        heard: dict[str, Any] = await self.page.evaluate("() => window.known")
        return heard

    async def called(self) -> list[str]:
        """Return the names of the tools that were called, in order."""
        return [one["name"] for one in (await self.known())["calls"]]


@pytest.fixture
def database_url() -> str:
    """Where pages look the same on any database, one is enough."""
    from adapters.open_store import MEMORY  # noqa: PLC0415 - beside the only place that names it

    return MEMORY


@pytest.fixture
async def scene(system: System) -> AsyncIterator[Scene]:
    prepare(system)
    catalog = {name: [*ours, *MORE[name]] for name, ours in SEEDED.items()}
    catalog_import(system, json.dumps(catalog).encode(), lambda _progress: None)
    catch_up(system)
    features = frozenset({"get_access_request", "cancel_access_request"})
    placed = replace(system, settings=replace(system.settings, features=features))
    async with over_a_socket(placed) as web:
        yield Scene(web)


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    path = chromium_path()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def host(scene: Scene, chromium: Browser) -> AsyncIterator[Host]:
    if not BRIDGE.exists():
        missing("the npm library ext-apps (make clients, with npm on the path)")
    expect.set_options(timeout=30_000)
    web = scene.web
    async with web.browser("alice") as browser:
        tokens = await web.flow().sign_in(browser)
    async with (
        hosting(f"{web.issuer}/mcp/user", tokens["access_token"]) as base,
        await chromium.new_context(viewport={"width": 720, "height": 900}) as context,
    ):
        page = await context.new_page()
        opened = Host(page, scene)
        page.on("console", lambda message: opened.hear(message.type, message.text))
        page.on("pageerror", lambda fault: opened.complaints.append(str(fault)))
        await page.goto(f"{base}/")
        await page.evaluate("() => window.ready")
        yield opened
    assert opened.complaints == []
