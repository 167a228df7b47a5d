"""A network that swallows everything, between a machine of Doorward's and what it rests on. Nobody tells it: it has to
find out, answer meanwhile, and go on when the network is back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import psutil
import pytest

from tests.chaos.processes import NatsProcess
from tests.faults import oracle
from tests.faults.networks import Machine, Towards, machine
from tests.faults.own_postgres import OwnPostgres
from tests.faults.scene import Scene, comes_true, scene, serving
from tests.faults.test_workers import holders
from tests.running import RunningServer

pytestmark = pytest.mark.anyio
SHORT_SECONDS = 3.0


@pytest.fixture
def there() -> Iterator[Machine]:
    with machine() as made:
        yield made


@pytest.fixture
def nats(tmp_path: Path, there: Machine) -> Iterator[NatsProcess]:
    running = NatsProcess(tmp_path / "nats", "0.0.0.0")
    running.start()
    yield running
    running.kill()


@pytest.fixture
def reached_postgres(there: Machine) -> Iterator[OwnPostgres]:
    """A PostgreSQL that other machines reach."""
    server = OwnPostgres(f"127.0.0.1,{there.servers}")
    try:
        server.start()
        yield server
    finally:
        server.close()


def on(there: Machine, server: RunningServer, nats: NatsProcess) -> RunningServer:
    """Let a server run on that machine."""
    server.before = there.before
    server.settings |= {
        "DOORWARD_HOST": "0.0.0.0",
        "DOORWARD_PUBLIC_URL": server.issuer,
        "DOORWARD_NATS_URL": f"nats://{there.servers}:{nats.port}",
        "DOORWARD_NATS_INSECURE": "on",
    }
    return server


async def test_a_machine_cut_off_from_nats_goes_on_and_its_events_arrive_once_it_is_back(
    tmp_path: Path, there: Machine, nats: NatsProcess
) -> None:
    server = on(there, serving(tmp_path / "data", ""), nats)
    at = f"http://{there.address}:{server.port}"
    with scene(
        server,
        nats_url=nats.url,
        at=at,
        transport=lambda: Towards(there.address, server.port),
    ) as one:
        async with one.at_work():
            there.cut()
            await asyncio.sleep(SHORT_SECONDS)
            await one.moves()
            there.heal()
            await one.moves()
            there.cut()
            await noticed(one)
            await one.moves()
            there.heal()
            await one.moves()


async def noticed(one: Scene) -> None:
    """Wait until it says that NATS is away, and that requests may be sent to it all the same."""
    host = one.server.issuer.removeprefix("http://")
    state = ""
    async with asyncio.timeout(oracle.DEADLINE):
        while state != "disconnected":
            seen = await oracle.standing(one.at or one.server.issuer, host)
            assert seen.status == 200, seen
            state = seen.body["nats"]["state"]
            await asyncio.sleep(0.1)


async def test_a_machine_cut_off_from_postgresql_is_replaced_by_another_and_comes_back_by_itself(
    tmp_path: Path, there: Machine, reached_postgres: OwnPostgres, nats: NatsProcess
) -> None:
    postgres = reached_postgres
    keys = {"DOORWARD_KEYS_DIR": str(tmp_path / "keys")}
    away = on(there, serving(tmp_path / "away", postgres.url_at(there.servers), 2, **keys), nats)
    made = away.run("keys", "init", keys["DOORWARD_KEYS_DIR"])
    assert made.returncode == 0, made.stderr
    ways = cycle(((there.address, away.port), *(("127.0.0.1", 0),) * 3))
    here = serving(tmp_path / "here", "")

    def way() -> Towards:
        host, port = next(ways)
        return Towards(host, port or here.port)

    at = f"http://{there.address}:{away.port}"
    with scene(away, nats_url=nats.url, at=at, transport=way, most_words=40) as one:
        here.settings |= {**away.settings, "DOORWARD_HOST": "127.0.0.1"}
        here.start()
        try:
            async with one.at_work():
                await comes_true(lambda: bool(held(postgres, away)), "it has no duty at all")
                before = one.diary.told_to_wait
                there.cut()
                await one.is_unready()
                await comes_true(lambda: not held(postgres, away), "its duties do not move")
                await comes_true(
                    lambda: one.diary.told_to_wait > before, "whoever calls it is not told"
                )
                await one.moves()
                there.heal()
                await one.moves()
            await oracle.settled(here, f"http://127.0.0.1:{here.port}")
        finally:
            assert here.stop() == 0, here.said()


def held(postgres: OwnPostgres, server: RunningServer) -> list[int]:
    """Return the workers of a server that have duties, one for each."""
    assert server.process is not None
    ours = {one.pid for one in psutil.Process(server.process.pid).children()}
    return [pid for pid in holders(postgres) if pid in ours]
