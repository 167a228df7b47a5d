"""Loops under their duties: who runs, who goes on after a fault, and whose writing counts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from domain.catalog import AppRecord, PutApp
from domain.duties import Duty, TenureOver
from domain.ports import Unavailable
from domain.values import AppId
from projections import catalog
from server import duties, follower
from server.command_bus import UnitOfWork
from server.config import Settings
from server.duties import Watch
from server.follower import position_of
from server.wiring import System, open_system
from tests import seeds
from tests.cluster.members import end_sessions
from tests.webhooks.scene import until

pytestmark = pytest.mark.anyio
WATERING = Duty("watering")


@pytest.fixture
def settings(postgres_url: str, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=postgres_url, nats_url="off")


@pytest.fixture
def systems(settings: Settings) -> Iterator[tuple[System, System]]:
    """Two processes' worth of Doorward on one database."""
    with ExitStack() as opened:
        one = opened.enter_context(open_system(settings))
        seeds.seed_system(one)
        yield one, opened.enter_context(open_system(settings))


@asynccontextmanager
async def on_watch(
    watch: Watch, loop: Callable[[], Awaitable[None]]
) -> AsyncIterator[asyncio.Task[None]]:
    running = asyncio.create_task(watch.run(loop))
    try:
        yield running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class Loop:
    """Runs until it is cancelled, and says whether it does."""

    def __init__(self) -> None:
        self.running = False
        self.begun = 0

    async def __call__(self) -> None:
        self.running, self.begun = True, self.begun + 1
        try:
            await asyncio.Event().wait()
        finally:
            self.running = False


async def test_a_loop_runs_in_one_process_and_in_the_other_once_that_ends(
    systems: tuple[System, System],
) -> None:
    one, other = (system.rota.watch(WATERING) for system in systems)
    here, there = Loop(), Loop()
    async with on_watch(one, here) as running:
        await until(lambda: here.running)
        async with on_watch(other, there):
            await asyncio.to_thread(systems[1].bus.call_blocking, lambda _work: None)
            assert not there.running
            running.cancel()
            await until(lambda: there.running)
            assert not here.running


async def test_a_loop_is_cancelled_with_its_session_and_begins_anew(
    systems: tuple[System, System], postgres_url: str
) -> None:
    watch, loop = systems[0].rota.watch(WATERING), Loop()
    async with on_watch(watch, loop):
        await until(lambda: loop.running)
        assert await asyncio.to_thread(end_sessions, postgres_url) >= 1
        await until(lambda: loop.begun == 2)


async def test_a_loop_that_fails_is_told_and_tried_again(
    systems: tuple[System, System],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(duties, "PAUSES", (0.01,))
    watch, attempts = systems[0].rota.watch(WATERING), 0

    async def poisoned() -> None:
        nonlocal attempts
        attempts += 1
        raise ZeroDivisionError(attempts)

    with caplog.at_level(logging.CRITICAL):
        async with on_watch(watch, poisoned) as running:
            await until(lambda: attempts >= 3)
            assert "ZeroDivisionError" in watch.status().fault
            assert not running.done()
    assert "watering failed and is tried again" in caplog.text


async def test_what_a_former_holder_writes_is_undone_whole(
    systems: tuple[System, System],
) -> None:
    watch = systems[0].rota.watch(WATERING)
    refused: list[Exception] = []

    def plant(work: UnitOfWork) -> None:
        work.rows.execute("INSERT INTO duty VALUES (?, 1, '', '')", ("a tulip",))

    async def overtaken() -> None:
        with systems[1].store.write() as transaction:
            transaction.rows.execute(
                "UPDATE duty SET epoch = epoch + 1 WHERE name = ?", (WATERING,)
            )
        try:
            await watch.call(plant)
        except TenureOver as over:
            refused.append(over)
            raise

    async with on_watch(watch, overtaken):
        await until(lambda: len(refused) >= 1)
    with systems[0].store.read() as rows:
        assert rows.select("SELECT epoch FROM duty WHERE name = ?", ("a tulip",)) == []


def followed(system: System) -> bool:
    """Say whether the catalog's read model has reached the head."""
    return (
        system.reads.blocking(lambda rows: position_of(rows, catalog.PROJECTION))
        == system.store.head()
    )


async def test_a_follower_hears_of_another_processs_commits_without_a_poll(
    systems: tuple[System, System], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "POLL_SECONDS", 3_600.0)
    writer, reader = systems
    (following,) = (one for one in reader.followers if one.duty == "following catalog")
    async with on_watch(reader.rota.watch(following.duty), following.run):
        await until(lambda: followed(reader))
        for number in range(3):
            app = PutApp(AppId(f"app-{number}"), AppRecord(f"App {number}"))
            await writer.bus.execute(app, seeds.CONTEXT)
            await until(lambda: followed(reader))


async def test_an_outage_of_the_store_is_waited_out(
    systems: tuple[System, System], postgres_url: str
) -> None:
    writer, reader = systems
    (following,) = (one for one in reader.followers if one.duty == "following catalog")
    watch = reader.rota.watch(following.duty)
    async with on_watch(watch, following.run) as running:
        await until(lambda: followed(reader))
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await insist(writer)
        await until(lambda: followed(reader))
        assert not running.done()
        assert watch.status().fault == ""


async def insist(system: System) -> None:
    """Let something happen, as soon as it can."""
    async with asyncio.timeout(30):
        while True:
            try:
                await system.bus.execute(seeds.submission("r-1"), seeds.CONTEXT)
            except Unavailable:
                await asyncio.sleep(0.05)
            else:
                return
