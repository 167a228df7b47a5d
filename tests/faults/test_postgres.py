"""PostgreSQL is killed, stopped at once, restarted, and loses connections in the middle of a commit."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.own_postgres import OwnPostgres
from tests.faults.scene import Scene, comes_true, scene, serving

pytestmark = pytest.mark.anyio
SEED = 20261128
ENDS: tuple[Callable[[OwnPostgres], None], ...] = (
    OwnPostgres.kill,
    lambda server: server.stop("immediate"),
    lambda server: server.stop("fast"),
)
AWAY_SECONDS = 2.0
ENDED = 40


async def refused(one: Scene) -> None:
    """Wait until clients have been told that it is away, in their own words."""
    before = one.diary.told_to_wait
    await comes_true(lambda: one.diary.told_to_wait > before, "nobody is told")


async def test_what_was_acknowledged_outlives_every_end_that_postgresql_comes_to(
    tmp_path: Path, postgres: OwnPostgres
) -> None:
    with scene(serving(tmp_path / "data", postgres.url, 2), most_words=30) as one:
        async with one.at_work():
            for end in (*ENDS, OwnPostgres.kill):
                await asyncio.to_thread(end, postgres)
                await refused(one)
                await asyncio.sleep(AWAY_SECONDS)
                await asyncio.to_thread(postgres.start)
                await one.moves()


async def test_connections_that_are_ended_one_after_the_other_lose_nothing(
    tmp_path: Path, postgres: OwnPostgres
) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    with scene(serving(tmp_path / "data", postgres.url, 2), most_words=ENDED) as one:
        async with one.at_work():
            for _ in range(ENDED):
                await asyncio.to_thread(end_some, postgres, chance)
                await asyncio.sleep(chance.uniform(0, 0.1))
            await one.moves()


def end_some(postgres: OwnPostgres, chance: random.Random) -> None:
    """End a connection, one in the middle of something if there is any."""
    found = postgres.execute(
        "SELECT pid, state <> 'idle' FROM pg_stat_activity "
        "WHERE application_name LIKE 'doorward%' AND pid <> pg_backend_pid()"
    )
    busy = [pid for pid, is_busy in found if is_busy] or [pid for pid, _ in found]
    if busy:
        postgres.execute("SELECT pg_terminate_backend(%s)", chance.choice(busy))


async def test_a_commit_whose_answer_is_lost_was_done_once_however_often_it_is_sent_again(
    tmp_path: Path, postgres: OwnPostgres
) -> None:
    """A commit waits for a copy that does not exist: it is on the disk, and nobody has been told."""
    with scene(serving(tmp_path / "data", postgres.url, 2)) as one:
        async with one.at_work():
            for _ in range(3):
                await asyncio.to_thread(await_copies, postgres, "nowhere")
                before = one.diary.told_to_wait
                # Some of these commits are nobody's, but work's behind the scenes.
                await comes_true(
                    lambda told=before: (  # type: ignore[misc]
                        bool(end_commits(postgres)) and one.diary.told_to_wait > told
                    ),
                    "no client's commit waits",
                )
                await asyncio.to_thread(await_copies, postgres, "")
                await comes_true(lambda: not end_commits(postgres), "commits still wait")
                await one.moves()


def await_copies(postgres: OwnPostgres, of: str) -> None:
    postgres.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{of}'")
    postgres.execute("SELECT pg_reload_conf()")


def end_commits(postgres: OwnPostgres) -> int:
    """End the connections that wait for a copy of what they have committed; return how many."""
    return len(
        postgres.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE wait_event = 'SyncRep' AND application_name = 'doorward'"
        )
    )
