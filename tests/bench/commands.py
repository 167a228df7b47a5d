"""Durable commands per second through the bus, beside raw inserts of the same events on the same
disk: one commit for each, and one commit for each 64."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import combinations, islice
from pathlib import Path

import psycopg

from adapters.open_store import open_store
from adapters.system import new_id
from domain.access_request import SubmitRequest
from domain.catalog import PermissionRecord, PutPermission
from domain.values import PermissionId
from server.command_bus import CommandBus, UnitOfWork
from server.handlers import HANDLERS
from server.wiring import INLINE, SCHEMA
from tests import seeds
from tests.seeds import CONTEXT, CRM, submission

SECONDS = 3.0
CALLERS = (1, 16, 64)
BATCH = 64
PAYLOAD = b"x" * 900
"""As large as a stored submission."""


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    name: str
    per_second: float
    ratio: float


def measure(url: str, folder: Path) -> list[Line]:
    """Return the table of one database."""
    raw = raw_sqlite(folder) if url.startswith("sqlite") else raw_postgres(url)
    single, batched = raw
    lines = [Line("raw, one insert a commit", single, 1.0)]
    lines.append(Line(f"raw, {BATCH} inserts a commit", batched, batched / single))
    for callers in CALLERS:
        rate = _bus(url, callers)
        lines.append(Line(f"bus, {callers} callers", rate, rate / single))
    return lines


def _rate(work: Callable[[], int]) -> float:
    """Return how much was done in a second; `work` returns how much it did."""
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        done += work()
    return done / (time.perf_counter() - began)


def raw_sqlite(folder: Path) -> tuple[float, float]:
    """Return how many rows a second go into a file, one and 64 to a commit."""
    with closing(sqlite3.connect(folder / "raw.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE raw (position INTEGER PRIMARY KEY, state BLOB)")

        def insert(count: int) -> int:
            connection.execute("BEGIN IMMEDIATE")
            for _ in range(count):
                connection.execute("INSERT INTO raw (state) VALUES (?)", (PAYLOAD,))
            connection.execute("COMMIT")
            return count

        return _rate(lambda: insert(1)), _rate(lambda: insert(BATCH))


def raw_postgres(url: str) -> tuple[float, float]:
    """Return how many rows a second go into a database, one and 64 to a commit."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE raw (position BIGSERIAL PRIMARY KEY, state BYTEA)")
        connection.commit()

        def insert(count: int) -> int:
            for _ in range(count):
                connection.execute("INSERT INTO raw (state) VALUES (%s)", (PAYLOAD,))
            connection.commit()
            return count

        return _rate(lambda: insert(1)), _rate(lambda: insert(BATCH))


def _bus(url: str, callers: int) -> float:
    store = open_store(url)
    store.create(SCHEMA)
    bus = CommandBus(store, HANDLERS, INLINE, new_id)
    bus.start()
    seeds.seed(bus)
    wishes = _wishes(bus)
    try:
        return asyncio.run(_call(bus, wishes, callers))
    finally:
        bus.close()
        store.close()


def _wishes(bus: CommandBus) -> Iterator[SubmitRequest]:
    """Return submissions that all differ, also from those of earlier runs."""
    run = new_id()
    names = [PermissionId(f"{run}:{number}") for number in range(400)]

    def put(work: UnitOfWork) -> None:
        for name in names:
            work.execute(PutPermission(name, PermissionRecord(CRM, f"Permission {name}")), CONTEXT)

    bus.call_blocking(put)
    for pair in combinations(names, 2):
        yield submission(new_id(), permission_ids=pair)


async def _call(bus: CommandBus, wishes: Iterator[SubmitRequest], callers: int) -> float:
    ends, done = time.perf_counter() + SECONDS, 0

    async def caller() -> int:
        count = 0
        while time.perf_counter() < ends:
            for command in islice(wishes, 1):
                await bus.execute(command, CONTEXT)
                count += 1
        return count

    began = time.perf_counter()
    done = sum(await asyncio.gather(*(caller() for _ in range(callers))))
    return done / (time.perf_counter() - began)
