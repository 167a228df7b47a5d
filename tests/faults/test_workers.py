"""Workers that are killed, paused for longer than anybody waits for them, and lost with their parent."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import socket
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.faults import oracle
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


async def test_a_worker_that_stops_in_the_middle_of_a_commit_loses_it_to_the_others(
    tmp_path: Path, postgres: OwnPostgres
) -> None:
    """There the server waits for the rest of what travels together, and ends nobody of its own accord."""
    with scene(serving(tmp_path / "data", postgres.url, 2)) as one:
        async with one.at_work():
            stopped = await stopped_in_a_commit(postgres, workers(one.server))
            try:
                await one.moves()
            finally:
                os.kill(stopped, signal.SIGCONT)
            await one.moves()
            assert stopped in workers(one.server)


async def stopped_in_a_commit(postgres: OwnPostgres, living: set[int]) -> int:
    """Stop one worker after the other, until one stands where it should; return which."""
    deadline = time.monotonic() + oracle.DEADLINE
    for pid in itertools.cycle(living):
        os.kill(pid, signal.SIGSTOP)
        if await asyncio.to_thread(stands_in_a_commit, postgres):
            return pid
        os.kill(pid, signal.SIGCONT)
        assert time.monotonic() < deadline, "nobody is ever stopped there"
    raise AssertionError("nobody lives")


def stands_in_a_commit(postgres: OwnPostgres) -> bool:
    """Say whether the server waits for the client that has the log's lock, and still does a moment later."""
    return all(
        postgres.execute(
            "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE mode = 'RowShareLock' AND granted "
            "AND relation = to_regclass('log_head') AND state = 'active' AND wait_event = 'ClientRead'"
        )
        for _ in range(2)
    )


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
