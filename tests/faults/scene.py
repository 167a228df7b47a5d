"""The scene that all faults have in common: a store with people in it, a server, its clients and a listener; and the
end of it, which is the same whatever has happened."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx

from server.config import load_settings
from tests.faults import oracle
from tests.faults.clients import PATIENCE, Diary, clients_at_work
from tests.faults.listener import Heard, listening
from tests.faults.people import Cast, prepare
from tests.running import RunningServer
from tests.workers.family import alive, children, until

MOVING = 20
"""So many acknowledgements between faults say that work goes on."""
Transport = Callable[[], httpx.AsyncBaseTransport]


@dataclass
class Scene:
    """A server with a store that is ready."""

    server: RunningServer
    cast: Cast
    diary: Diary = field(default_factory=Diary)
    heard: Heard | None = None
    nats_url: str = ""
    """Of a NATS of the test's own; the embedded one's is in its folder."""
    transport: Transport | None = None
    at: str | None = None
    most_words: int = 10
    by_id: bool = False

    @property
    def database(self) -> str:
        return load_settings(self.server.environment()).store_url

    def listener_url(self) -> str:
        """Where the listener connects now."""
        if self.nats_url:
            return self.nats_url
        port = self.server.folder / "nats" / "port"
        return f"nats://127.0.0.1:{port.read_text()}"

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[Diary]:
        """Let clients and listener work during the block; then judge."""
        hears = self.server.settings.get("DOORWARD_NATS_URL") != "off"
        async with AsyncExitStack() as opened:
            if hears:
                key = None if self.nats_url else self.cast.key
                self.heard = await opened.enter_async_context(listening(self.listener_url, key))
            issuer = self.server.issuer
            working = clients_at_work(self.cast, issuer, self.transport, by_id=self.by_id)
            async with working as self.diary:
                await self.moves()
                yield self.diary
            await self._judge()

    async def _judge(self) -> None:
        await oracle.settled(self.server, self.at)
        log = await asyncio.to_thread(oracle.logged, self.database)
        print(f"{len(log)} events, {self.diary.acknowledged} acknowledged, {self.diary.troubles}")
        oracle.judge_log(log, self.diary)
        if self.heard is not None:
            await self._all_heard(len(log))
            oracle.judge_heard(log, self.heard)
        await asyncio.to_thread(oracle.judge_derived, self.server, stream=self.heard is not None)

    async def _all_heard(self, events: int) -> None:
        assert self.heard is not None
        async with asyncio.timeout(oracle.DEADLINE):
            while len(self.heard.events) < events:
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """Kill the server's first process."""
        await asyncio.to_thread(self.server.stop, signal.SIGKILL)

    async def start_again(self) -> None:
        """Start the server as its service manager does."""
        await asyncio.to_thread(self.server.start)

    async def is_unready(self) -> None:
        """Wait until it says that requests should go elsewhere, and why."""
        host = self.server.issuer.removeprefix("http://")
        seen = None
        async with asyncio.timeout(oracle.DEADLINE):
            while seen is None or seen.status == httpx.codes.OK:
                seen = await oracle.standing(self.at or self.server.issuer, host)
                await asyncio.sleep(0.1)
        assert seen.body["reasons"], seen

    async def moves(self, much: int = MOVING) -> None:
        """Wait until so much more has been acknowledged."""
        before = self.diary.acknowledged
        try:
            async with asyncio.timeout(2 * PATIENCE):
                while self.diary.acknowledged < before + much:
                    await asyncio.sleep(0.02)
        except TimeoutError:
            words = f"{self.diary.troubles}\n{self.diary.faults[:5]}\n{self.server.said()}"
            raise AssertionError(f"nothing is acknowledged any more: {words}") from None


async def comes_true(holds: Callable[[], bool], what: str) -> None:
    """Wait for something to become true, while everybody works on."""
    deadline = time.monotonic() + oracle.DEADLINE
    while not await asyncio.to_thread(holds):
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.05)


@contextmanager
def scene(
    server: RunningServer, later: timedelta = timedelta(), **given: object
) -> Iterator[Scene]:
    """Fill the store, run the server for as long as the block lasts, and look how it ends. Tokens count from
    so much `later`."""
    server.settings = {
        "DOORWARD_RATE_LIMITS": "off",
        "DOORWARD_FEATURES": "cancel_access_request",
        "DOORWARD_LOCAL_ACCOUNTS": "on",
        **server.settings,
    }
    cast = prepare(load_settings(server.environment()), later)
    server.start()
    set_up = Scene(server, cast, **given)  # type: ignore[arg-type]  # fields by name
    try:
        yield set_up
        ended_in_order(set_up)
    finally:
        end(server)


def ended_in_order(one: Scene) -> None:
    """It ends when it is told to, with all its processes, and has said no more than a line for each outage."""
    process = one.server.process
    assert process is not None
    left = children(process.pid)
    assert one.server.stop() == 0, one.server.said()
    until(lambda: not any(map(alive, left)), f"of {left} some live on")
    print(one.server.said())
    oracle.judge_words(one.server.said(), one.most_words)


def end(server: RunningServer) -> None:
    """End it, whatever state it is in."""
    if server.process is not None and server.process.poll() is None:
        server.process.kill()
        server.process.wait()


def serving(folder: Path, database: str, workers: int = 1, **settings: str) -> RunningServer:
    """Return a server that has not been started; without a `database` on SQLite."""
    given = {"DOORWARD_DATABASE_URL": database} if database else {}
    words = ("serve", "--workers", str(workers))
    return RunningServer(folder, {**given, **settings}, words)
