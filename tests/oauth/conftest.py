"""A whole Doorward in-process, on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from server.wiring import System
from tests.web import Web, web_of


@pytest.fixture
async def web(system: System) -> AsyncIterator[Web]:
    async with web_of(system) as served:
        yield served
