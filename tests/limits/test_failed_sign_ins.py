"""Failures are counted once for all processes, on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from server.asking import ASKER
from server.limits.sign_ins import SignInLimits
from server.wiring import System
from tests.oauth.test_limits import Guesser
from tests.seeds import PASSWORD
from tests.web import Web, web_of, web_with

pytestmark = pytest.mark.anyio


class Gone:
    """Somebody who has hung up."""

    gone = True


@pytest.fixture
async def two(system: System) -> AsyncIterator[tuple[Web, Web]]:
    """Two servers on one store, each with a memory of its own."""
    async with AsyncExitStack() as running:
        yield (
            await running.enter_async_context(web_of(system)),
            await running.enter_async_context(web_of(system)),
        )


async def test_five_guesses_are_five_at_whichever_server(two: tuple[Web, Web]) -> None:
    first, second = (Guesser(web) for web in two)
    assert [await first.guess("alice") for _ in range(3)] == [401] * 3
    assert [await second.guess("alice") for _ in range(3)] == [401, 401, 429]
    assert await first.guess("alice", PASSWORD) == 429
    assert await first.guess("carol", PASSWORD) == 303


async def test_what_counts_no_more_is_not_kept(system: System) -> None:
    async with web_with(system) as (web, hands):
        limits = SignInLimits(system.bus, system.reads, hands)
        for number in range(20):
            await limits.failed(f"name-{number}", "203.0.113.7")
        wait = await limits.before("alice", "203.0.113.7")
        assert wait is not None
        assert 0 < wait <= 60
        hands.moved += timedelta(minutes=15, seconds=1)
        assert await limits.before("alice", "203.0.113.7") is None
        await limits.failed("alice", "203.0.113.7")
        kept = web.system.reads.blocking(
            lambda rows: rows.select("SELECT digest FROM failed_sign_in")
        )
        assert len(kept) == 3
        assert all(len(str(digest)) == 64 for (digest,) in kept), "names nobody"


async def test_who_hangs_up_has_failed_all_the_same(system: System) -> None:
    """Otherwise guesses would be free for whoever does not wait for the answer."""
    limits = SignInLimits(system.bus, system.reads, system.clock)
    token = ASKER.set(Gone())
    try:
        for _ in range(5):
            await limits.failed("alice", "203.0.113.7")
    finally:
        ASKER.reset(token)
    assert await limits.before("alice", "203.0.113.7") is not None


async def test_a_clock_that_is_set_back_lets_nobody_wait_for_what_he_failed_in_the_future(
    system: System,
) -> None:
    async with web_with(system) as (_web, hands):
        limits = SignInLimits(system.bus, system.reads, hands)
        hands.moved += timedelta(hours=2)
        for _ in range(5):
            await limits.failed("alice", "203.0.113.7")
        assert await limits.before("alice", "203.0.113.7") is not None
        hands.moved -= timedelta(hours=2)
        assert await limits.before("alice", "203.0.113.7") is None
