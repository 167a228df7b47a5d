"""A disk fills up under each of those who write, and has room again. What cannot be kept is refused in clear words,
what can be answered is answered, and nobody has to be started anew for work to go on."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from adapters import jetstream_pipe
from adapters.nats_connection import connect
from adapters.nats_publisher import NatsPublisher
from server.waking import LoopBell
from tests.chaos.processes import NatsProcess
from tests.chaos.test_stream import Load, equal
from tests.faults import oracle
from tests.faults.disks import Disk, small_disk
from tests.faults.own_postgres import OwnPostgres
from tests.faults.scene import Scene, comes_true, scene, serving
from tests.mcp.wire import Wire
from tests.workers.family import children, parent_of

pytestmark = pytest.mark.anyio
FULL_SECONDS = 3.0


async def reads_go_on(one: Scene, disk: Disk) -> None:
    """While the disk is full, what was written can be read."""
    await comes_true(lambda: disk.full, "it is not full")
    async with httpx.AsyncClient(timeout=60) as http:
        wire = Wire(http, one.server.issuer, one.cast.people[0].token)
        for _ in range(10):
            assert (await wire.ask("list_access_requests"))["items"]
        assert disk.full, "it was not full for long enough"


async def while_full(one: Scene, disk: Disk) -> None:
    """Fill the disk for a while, in which clients are refused."""
    before = one.diary.told_to_wait
    await asyncio.to_thread(disk.fill)
    await comes_true(lambda: one.diary.told_to_wait > before + 5, "nobody is refused")
    await one.is_unready()
    await asyncio.sleep(FULL_SECONDS)
    disk.free()


async def test_a_full_disk_under_sqlite_refuses_what_it_cannot_keep_until_there_is_room(
    tmp_path: Path,
) -> None:
    with small_disk(64) as disk:
        data = moved(tmp_path / "data", disk)
        with scene(serving(data, ""), most_words=30) as one:
            async with one.at_work():
                for _ in range(2):
                    await asyncio.gather(while_full(one, disk), reads_go_on(one, disk))
                    await one.moves()


def moved(folder: Path, disk: Disk) -> Path:
    """Let a folder be on that disk."""
    there = disk.folder / folder.name
    there.mkdir()
    folder.parent.mkdir(exist_ok=True)
    folder.symlink_to(there)
    return folder


async def test_a_full_disk_under_postgresql_loses_nothing_and_doorward_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    """PostgreSQL itself may end where it cannot write its own log; its service manager starts it again."""
    with small_disk(160) as disk, running(disk.folder / "postgres") as postgres:
        server = serving(tmp_path / "data", postgres.url, 2)
        with scene(server, most_words=60) as one:
            async with one.at_work():
                for _ in range(2):
                    await while_full(one, disk)
                    if not postgres.running:
                        await asyncio.to_thread(postgres.start)
                    await one.moves()


@contextmanager
def running(folder: Path) -> Iterator[OwnPostgres]:
    """Run a PostgreSQL in this folder."""
    folder.mkdir()
    server = OwnPostgres(folder=folder)
    # A segment of its log has 16 MB: it keeps as few as it can.
    server.settings = {"min_wal_size": "32MB", "max_wal_size": "32MB"}
    try:
        server.start()
        yield server
    finally:
        server.close()


async def test_a_full_disk_under_nats_delays_the_stream_and_leaves_no_hole_in_it(
    tmp_path: Path,
) -> None:
    """The embedded server writes no more once it could not; nobody has to start it again. It may also have been
    started while there was no room."""
    with small_disk(32) as disk:
        data = moved(tmp_path / "data" / "nats", disk).parent
        with scene(serving(data, ""), most_words=60) as one:
            async with one.at_work():
                for dies in (False, True):
                    await asyncio.to_thread(disk.fill)
                    await behind(one)
                    if dies:
                        (running_one,) = children(parent_of(one.server), "nats-server")
                        os.kill(running_one, signal.SIGKILL)
                    await one.moves()
                    disk.free()
                    await one.moves()


async def behind(one: Scene) -> None:
    """Wait until it says that the stream does not follow the log, and that this stops nobody."""
    host = one.server.issuer.removeprefix("http://")
    lag = 0
    async with asyncio.timeout(oracle.DEADLINE):
        while lag < 50:
            seen = await oracle.standing(one.server.issuer, host)
            assert seen.status == httpx.codes.OK, seen
            lag = seen.body["nats"]["lag"]
            await asyncio.sleep(0.1)


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    growing = Load(tmp_path / "log.db")
    yield growing
    growing.close()


async def test_a_server_of_ones_own_that_keeps_nothing_any_more_is_found_out(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers, and never again writes what its disk once had no room for, until it is started again."""
    monkeypatch.setattr(jetstream_pipe, "WINDOW_SECONDS", 1.0)
    found_out = threading.Event()
    with small_disk(16) as disk:
        server = NatsProcess(disk.folder / "nats")
        server.start()
        publisher = NatsPublisher(
            load.store,
            lambda: connect(server.url),
            "main",
            bell=LoopBell(),
            stuck=found_out.set,
        )
        publishing = asyncio.create_task(publisher.run())
        try:
            await load.grow(20)
            await comes_true(lambda: publisher.status().position == 20, "it does not publish")
            await asyncio.to_thread(disk.fill)
            await load.grow(20)
            await comes_true(found_out.is_set, "nobody is told")
            disk.free()
            server.kill()
            await asyncio.to_thread(server.start)
            await equal(load, server)
        finally:
            publishing.cancel()
            await asyncio.gather(publishing, return_exceptions=True)
            server.kill()
