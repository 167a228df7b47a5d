"""A Doorward with a past, in the test's own process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from server.wiring import System
from tests.audit_pages.scene import Scene
from tests.two_stages import prepare
from tests.web import web_of


@pytest.fixture
async def scene(system: System) -> AsyncIterator[Scene]:
    prepare(system)
    async with web_of(system) as served:
        yield Scene(served)
