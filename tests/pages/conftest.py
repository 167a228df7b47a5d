"""A whole Doorward in the test's own process, which bob administers; robot audits."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from domain.person import GrantRole, Role
from server.wiring import System
from tests.seeds import BOB
from tests.web import Web, web_of


@pytest.fixture
async def web(system: System) -> AsyncIterator[Web]:
    async with web_of(system) as served:
        await served.execute(GrantRole(BOB, Role.ADMINISTRATOR))
        yield served
