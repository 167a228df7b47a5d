"""A whole Doorward in the test's own process, which bob administers; carol does too, so that he is not the last."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from domain.person import GrantRole, Role
from server.wiring import System
from tests.seeds import BOB, CAROL
from tests.web import Web, web_of


@pytest.fixture
async def web(system: System) -> AsyncIterator[Web]:
    async with web_of(system) as served:
        for person in (BOB, CAROL):
            await served.execute(GrantRole(person, Role.ADMINISTRATOR))
        yield served
