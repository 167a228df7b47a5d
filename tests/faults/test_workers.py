"""Workers that are killed, paused for longer than anybody waits for them, and lost with their parent."""

from __future__ import annotations

import os
import random
import signal
import socket
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.own_postgres import OwnPostgres
from tests.faults.scene import comes_true, scene, serving
from tests.workers.family import alive, children, parent_of, workers

pytestmark = pytest.mark.anyio
SEED = 20261127


def holders(postgres: OwnPostgres) -> list[int]:
    """Return which process began each duty's present epoch."""
    found = [str(holder).split() for (holder,) in postgres.execute("SELECT holder FROM duty")]
    assert {host for host, _ in found} == {socket.gethostname()}
    return [int(pid) for _, pid in found]


async def busiest(postgres: OwnPostgres, living: set[int]) -> int:
    """Return the worker that has most duties, once one has any."""
    await comes_true(lambda: bool(living & {*holders(postgres)}), "nobody has a duty")
    ((most, _), *_) = Counter(pid for pid in holders(postgres) if pid in living).most_common()
    return most


async def test_nothing_is_lost_while_one_worker_after_the_other_is_killed(
    tmp_path: Path, postgres: OwnPostgres
) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    with scene(serving(tmp_path / "data", postgres.url, 3)) as one:
        async with one.at_work():
            for busy in (False, True, False, True):
                before = workers(one.server)
                victim = await busiest(postgres, before) if busy else chance.choice(sorted(before))
                os.kill(victim, signal.SIGKILL)
                await one.moves()
                await comes_true(
                    lambda gone=victim: len(workers(one.server) - {gone}) == 3,  # type: ignore[misc]
                    "no successor",
                )


async def test_a_worker_that_is_paused_for_longer_than_its_tenure_comes_back_and_does_no_harm(
    tmp_path: Path, postgres: OwnPostgres
) -> None:
    with scene(serving(tmp_path / "data", postgres.url, 3)) as one:
        async with one.at_work():
            zombie = await busiest(postgres, workers(one.server))
            os.kill(zombie, signal.SIGSTOP)
            try:
                await comes_true(
                    lambda: zombie not in holders(postgres),
                    "it keeps its duties while it is paused",
                )
                await comes_true(
                    lambda: standing_sessions(postgres) == 2, "its session outlives its silence"
                )
            finally:
                os.kill(zombie, signal.SIGCONT)
            await one.moves()
            assert zombie in workers(one.server)


def standing_sessions(postgres: OwnPostgres) -> int:
    ((found,),) = postgres.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'doorward session'"
    )
    return int(found)


async def test_a_parent_that_is_killed_takes_all_with_it_and_its_successor_goes_on(
    tmp_path: Path, postgres: OwnPostgres
) -> None:
    with scene(serving(tmp_path / "data", postgres.url, 2)) as one:
        async with one.at_work():
            for _ in range(2):
                left = children(parent_of(one.server))
                await one.kill()
                await comes_true(lambda: not any(map(alive, left)), "some live on")  # noqa: B023
                await one.start_again()
                await one.moves()


async def test_the_one_process_on_sqlite_is_killed_and_started_again(tmp_path: Path) -> None:
    with scene(serving(tmp_path / "data", "")) as one:
        async with one.at_work():
            for _ in range(3):
                await one.kill()
                await one.start_again()
                await one.moves()
