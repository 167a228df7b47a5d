"""A server for the tests of a module, and a browser before it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.browser import FormBrowser
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
