"""What a process reports is what `/healthz` and `/readyz` say of it."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import pytest

from adapters.open_store import MEMORY
from server.health import Health
from server.supervision.notices import Condition, Notices, notices_of
from server.supervision.reporting import Reporting
from server.wiring import System
from tests.supervision.listener import Listener, Notice, listener, ready

pytestmark = pytest.mark.anyio
in_memory = pytest.mark.parametrize("database_url", [MEMORY])
SHAPE = "UPDATE read_model_shape SET digest = ? WHERE projection = 'people'"


@pytest.fixture
def hearing(tmp_path: Path) -> Iterator[Listener]:
    with listener(str(tmp_path / "notify")) as listening:
        yield listening


@asynccontextmanager
async def reporting(system: System, hearing: Listener) -> AsyncIterator[Reporting]:
    """Report of a system, often."""
    told = Reporting(Health(system), Notices(hearing.name.encode(), 0.3))
    async with anyio.create_task_group() as group:
        group.start_soon(told.run)
        yield told
        group.cancel_scope.cancel()


async def heard(hearing: Listener, wanted: Callable[[Notice], bool]) -> Notice:
    return await anyio.to_thread.run_sync(hearing.until, wanted)


async def shape(system: System, digest: str) -> None:
    await system.bus.call(lambda work: work.rows.execute(SHAPE, (digest,)))


@in_memory
async def test_it_is_ready_when_readyz_would_say_so_and_not_before(
    system: System, hearing: Listener
) -> None:
    (found,) = await system.reads.query(
        lambda rows: rows.select(
            "SELECT digest FROM read_model_shape WHERE projection = ?", ("people",)
        )
    )
    await shape(system, "other")
    async with reporting(system, hearing) as told:
        told.begin()
        said = await heard(hearing, lambda _: True)
        assert said["STATUS"].startswith("not ready: another version of Doorward")
        assert "EXTEND_TIMEOUT_USEC" in said
        await shape(system, str(found[0]))
        await heard(hearing, ready)
        # Once it was ready it stays so: whatever comes later is its status.
        await shape(system, "other")
        later = await heard(hearing, lambda one: one["STATUS"].startswith("not ready"))
        assert set(later) == {"STATUS", "WATCHDOG"}
    assert sum(map(ready, hearing.heard)) == 1


@in_memory
async def test_the_watchdog_hears_nothing_while_a_commit_never_ends(
    system: System, hearing: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reporting(system, hearing) as told:
        told.begin()
        await heard(hearing, ready)
        monkeypatch.setattr("server.health.STUCK_SECONDS", 0.0)
        begun, over = threading.Event(), threading.Event()

        def never_ends(_work: object) -> None:
            begun.set()
            over.wait(30)

        waiting = threading.Thread(target=partial(system.bus.call_blocking, never_ends))
        waiting.start()
        try:
            assert await anyio.to_thread.run_sync(begun.wait, 10)
            said = await heard(hearing, lambda one: one["STATUS"].startswith("stuck"))
            assert said.keys() == {"STATUS"}
            assert "a commit has taken" in said["STATUS"]
        finally:
            over.set()
            await anyio.to_thread.run_sync(waiting.join)
        await heard(hearing, lambda one: one == {"STATUS": "ready", "WATCHDOG": "1"})


@in_memory
async def test_nothing_is_said_after_the_end_was(system: System, hearing: Listener) -> None:
    async with reporting(system, hearing) as told:
        told.begin()
        await heard(hearing, ready)
        told.end()
        told.end()
        hearing.until(lambda one: one.get("STOPPING") == "1")
        Notices(hearing.name.encode()).starting()
        assert [one["STATUS"] for one in hearing.rest()] == ["starting"]


def test_readiness_that_nobody_took_is_said_again(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    notices = Notices(os.fsencode(path))
    notices.fares(Condition())
    with listener(str(path)) as hearing:
        notices.fares(Condition())
        notices.fares(Condition())
        assert [ready(one) for one in hearing.rest()] == [True, False]


def test_a_status_is_one_short_line(tmp_path: Path) -> None:
    with listener(str(tmp_path / "notify")) as hearing:
        notices = Notices(hearing.name.encode(), 1)
        notices.fares(Condition(reasons=("one\nREADY=1", "x" * 500)))
        (said,) = hearing.rest()
        assert not ready(said)
        assert len(said["STATUS"]) == 200


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({"NOTIFY_SOCKET": "/run/notify"}, 0.0),
        ({"NOTIFY_SOCKET": "@notify", "WATCHDOG_USEC": "30000000"}, 30.0),
        ({"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 30.0),
        ({"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, 0.0),
        ({"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "-1"}, 0.0),
        ({"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "9" * 5_000}, 0.0),
        ({"NOTIFY_SOCKET": "vsock:2:1"}, None),
        ({"NOTIFY_SOCKET": "@"}, None),
        ({"NOTIFY_SOCKET": ""}, None),
        ({"WATCHDOG_USEC": "30000000"}, None),
        ({}, None),
    ],
)
def test_what_the_environment_says_is_taken_out_of_it(
    given: dict[str, str], seconds: float | None
) -> None:
    environment = {"PATH": "/bin", **given}
    notices = notices_of(environment, 7)
    assert environment == {"PATH": "/bin"}
    assert (None if notices is None else notices.watchdog_seconds) == seconds
