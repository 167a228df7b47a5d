"""A whole Doorward in-process, with Bob as its administrator and Robot as its auditor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from domain.person import PutPerson, Role
from server.wiring import System
from tests.seeds import BOB, person
from tests.web import Web, web_of


@pytest.fixture
async def web(system: System) -> AsyncIterator[Web]:
    async with web_of(system) as served:
        await make_administrator(served)
        yield served


async def make_administrator(web: Web) -> None:
    """Let Bob be one."""
    roles = (Role.EMPLOYEE, Role.ADMINISTRATOR)
    await web.execute(PutPerson(BOB, replace(person(BOB), roles=roles)))
