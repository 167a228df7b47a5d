"""A server for the tests of a module, and a browser before it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import FormBrowser
from tests.conftest import missing
from tests.e2e.browsing import chromium_path
from tests.e2e.npm_clients import INSTALLED
from tests.running import RunningServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path_factory.mktemp("server") / "data")
    yield running.start()
    assert running.stop() == 0, running.said()


@pytest.fixture
async def browser(server: RunningServer) -> AsyncIterator[FormBrowser]:
    async with FormBrowser(server.issuer) as opened:
        yield opened


@pytest.fixture
def npm() -> None:
    if not INSTALLED:
        missing("the npm clients (make clients, with npm on the path)")


expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    found = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()
