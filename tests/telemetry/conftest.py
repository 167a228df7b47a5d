"""A whole Doorward that is listened to, inside the test's own process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from adapters.open_store import MEMORY
from server.config import Settings
from server.observation.listening import listening
from server.wiring import System, open_system
from tests import seeds
from tests.telemetry.collector import Collector, collecting
from tests.web import Web, web_of


@pytest.fixture
def heard(database_url: str, tmp_path: Path) -> Iterator[System]:
    """Everything that a server opens, with metrics, on each database."""
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url, nats_url="off")
    with listening(settings) as telemetry, open_system(settings, telemetry) as system:
        seeds.seed_system(system)
        yield system


@pytest.fixture
async def web(heard: System) -> AsyncIterator[Web]:
    """The same as its visitors reach it."""
    async with web_of(heard) as web:
        yield web


@pytest.fixture
async def small_web(tmp_path: Path) -> AsyncIterator[Web]:
    """One in memory, to which nobody listens."""
    settings = Settings(data_dir=tmp_path / "data", database_url=MEMORY, nats_url="off")
    with open_system(settings) as system:
        seeds.seed_system(system)
        async with web_of(system) as web:
            yield web


@pytest.fixture
def collector() -> Iterator[Collector]:
    """What takes traces."""
    with collecting() as running:
        yield running
