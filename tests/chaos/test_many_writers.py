"""Eight processes write to one PostgreSQL, three follow and publish, and any of them may be killed or paused at any
moment: every event is seen once and in order, by the read model and on the stream, and what was acknowledged is
there."""

from __future__ import annotations

import asyncio
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.open_store import open_store
from domain.catalog import AppAdded
from domain.ports import EventStore
from server.wiring import SCHEMA
from tests.chaos.following import SEEN
from tests.chaos.processes import NatsProcess
from tests.chaos.test_stream import last_sequence
from tests.cluster import members
from tests.cluster.members import Member
from tests.nats.test_publisher import streamed

pytestmark = pytest.mark.anyio
SEED = 20261202
WRITERS, FOLLOWERS = 8, 3
SECONDS, DEADLINE = 8, 60
MOVING = 100
"""So many events have been acknowledged before anything is done to anybody."""


class Writer:
    """A process that writes until it is killed."""

    def __init__(self, url: str, name: str, acknowledged: queue.SimpleQueue[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.writing", url, name],
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, args=(acknowledged,))
        self._reader.start()

    def _read(self, acknowledged: queue.SimpleQueue[str]) -> None:
        assert self._process.stdout is not None
        with self._process.stdout:
            for line in self._process.stdout:
                # What a kill has cut off was not said.
                if line.endswith("\n"):
                    acknowledged.put(line.rstrip())

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()


@pytest.fixture
def log(postgres_url: str) -> Iterator[EventStore]:
    store = open_store(postgres_url)
    store.create((*SCHEMA, *SEEN.schema))
    yield store
    store.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsProcess]:
    running = NatsProcess(tmp_path / "nats")
    running.start()
    yield running
    running.kill()


class Fleet:
    """All the processes, and what is done to them."""

    def __init__(self, url: str, nats_url: str, chance: random.Random) -> None:
        self._url = url
        self._nats_url = nats_url
        self._chance = chance
        self._names = iter(range(1_000_000))
        self.acknowledged: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.writers = [self._writer() for _ in range(WRITERS)]
        self.followers = [self._follower() for _ in range(FOLLOWERS)]

    def started(self) -> None:
        """Wait until all is going on."""
        for one in self.followers:
            one.hears("ready")
        members.until(lambda: self.acknowledged.qsize() > MOVING)

    def _writer(self) -> Writer:
        return Writer(self._url, f"w{next(self._names)}", self.acknowledged)

    def _follower(self) -> Member:
        return Member("following", self._url, self._nats_url, package="tests.chaos")

    def harm(self) -> None:
        """Kill a writer or a follower and start another, or pause a follower for a while."""
        at = self._chance.randrange(FOLLOWERS)
        match self._chance.choice(("writer", "writer", "follower", "pause")):
            case "writer":
                at = self._chance.randrange(WRITERS)
                self.writers[at].kill()
                self.writers[at] = self._writer()
            case "follower":
                self.followers[at].kill()
                self.followers[at] = self._follower()
            case "pause":
                self.followers[at].send(signal.SIGSTOP)
                time.sleep(self._chance.uniform(0.05, 0.4))
                self.followers[at].send(signal.SIGCONT)

    def stop_writing(self) -> set[str]:
        """End the writers; return what they were told is done."""
        for one in self.writers:
            one.kill()
        return {self.acknowledged.get_nowait() for _ in range(self.acknowledged.qsize())}

    def close(self) -> None:
        for one in self.followers:
            one.kill()


def added(log: EventStore) -> list[tuple[int, str]]:
    """Return position and app of every event of the log."""
    found: list[tuple[int, str]] = []
    position = 0
    while batch := log.events_after(position, 1_000):
        position = batch[-1].position
        for one in batch:
            assert isinstance(one.envelope.event, AppAdded)
            found.append((one.position, one.envelope.event.app_id))
    return found


def seen(log: EventStore) -> list[tuple[int, str]]:
    with log.read() as rows:
        found = rows.select("SELECT position, app FROM seen ORDER BY nth")
    return [(int(str(position)), str(app)) for position, app in found]


async def test_no_event_is_missed_or_doubled_while_writers_and_followers_die(
    log: EventStore, server: NatsProcess, postgres_url: str
) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    fleet = Fleet(postgres_url, server.url, chance)
    try:
        await asyncio.to_thread(fleet.started)
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            await asyncio.sleep(chance.uniform(0, 0.8))
            await asyncio.to_thread(fleet.harm)
        acknowledged = await asyncio.to_thread(fleet.stop_writing)
        expected = added(log)
        async with asyncio.timeout(DEADLINE):
            while len(seen(log)) < len(expected) or (
                await last_sequence(server.url) < len(expected)
            ):
                await asyncio.sleep(0.05)
    finally:
        await asyncio.to_thread(fleet.stop_writing)
        await asyncio.to_thread(fleet.close)
    print(f"{len(expected)} events")
    assert seen(log) == expected
    assert [position for position, _ in expected] == list(range(1, len(expected) + 1))
    assert acknowledged <= {app for _, app in expected}
    assert [position for _, position in await streamed(server.url)] == [one for one, _ in expected]
