"""The picture of README and site: ``python -m tests.documentation.picture FILE`` takes it of a real server, on
which alice has asked through an AI client, of the page on which bob decides as her manager."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import httpx
from playwright.sync_api import ViewportSize, sync_playwright

from tests.browser import FormBrowser
from tests.e2e.browsing import chromium_path
from tests.mcp.wire import Wire
from tests.oauth.flow import Flow
from tests.running import PASSWORD, RunningServer

SIZE: ViewportSize = {"width": 1000, "height": 800}
WISH = {
    "app_id": "github",
    "requestable_permission_ids": ["github:team-mobile-write"],
    "business_justification": "I fix the crash at start-up that release 2.4 has, and push it until Friday.",
    "access_length": "7 days",
}


async def submitted(server: RunningServer) -> str:
    """Ask as alice, through a client that she has allowed to; return the request's id."""
    async with httpx.AsyncClient(timeout=30) as http, FormBrowser(server.issuer) as browser:
        flow = Flow(http, server.issuer)
        await flow.register(client_name="Claude Code")
        tokens = await flow.sign_in(browser)
        wire = Wire(http, server.issuer, tokens["access_token"])
        done = await wire.ask("submit_access_request", **WISH)
    request: str = done["access_requests"][0]["id"]
    return request


def taken(server: RunningServer, request: str, file: Path) -> None:
    """Photograph the request's page as bob sees it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(f"{server.issuer}/requests/{request}")
        page.fill("input[name=username]", "bob")
        page.fill("input[name=password]", PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Approve").first.wait_for()
        page.screenshot(path=file)
        browser.close()


def main(file: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        server = RunningServer(Path(folder) / "data", {"DOORWARD_NATS_URL": "off"}).start()
        try:
            taken(server, asyncio.run(submitted(server)), Path(file))
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
