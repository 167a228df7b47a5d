"""Timers of requests: what is due is done once, also after a restart, and by two processes at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from domain.access_request import ApproversReminded, RequestExpired
from domain.values import RequestId
from projections.timers import next_due
from server.timers import Timers
from server.wiring import System
from tests import seeds
from tests.times import NOW
from tests.web import Hands

pytestmark = pytest.mark.anyio


async def ask(system: System) -> RequestId:
    request_id = RequestId("r-1")
    await system.bus.execute(seeds.submission(request_id), seeds.CONTEXT)
    return request_id


def timers(system: System, hands: Hands) -> Timers:
    return Timers(system.bus, system.reads, hands, system.new_id)


def count(system: System, kind: type) -> int:
    log = system.store.events_after(0, 10_000)
    return sum(isinstance(one.envelope.event, kind) for one in log)


async def test_nothing_is_done_before_its_time_and_each_thing_once(system: System) -> None:
    await ask(system)
    hands = Hands(lambda: NOW)
    loop = timers(system, hands)
    assert await loop.do_what_is_due() == 0
    hands.moved = timedelta(days=1)
    assert await loop.do_what_is_due() == 1
    assert await loop.do_what_is_due() == 0
    assert count(system, ApproversReminded) == 1


async def test_what_fell_due_while_nobody_was_there_is_done_at_the_next_start(
    system: System,
) -> None:
    await ask(system)
    hands = Hands(lambda: NOW)
    hands.moved = timedelta(days=400)
    assert await timers(system, hands).do_what_is_due() >= 1
    assert count(system, RequestExpired) == 1
    assert system.reads.blocking(next_due) is None


async def test_two_at_once_do_each_thing_once(system: System) -> None:
    await ask(system)
    hands = Hands(lambda: NOW)
    hands.moved = timedelta(days=1)
    await asyncio.gather(*(timers(system, hands).do_what_is_due() for _ in range(2)))
    assert count(system, ApproversReminded) == 1


async def test_the_loop_wakes_for_what_has_become_due_earlier(system: System) -> None:
    hands = Hands(lambda: NOW)
    hands.moved = timedelta(days=400)
    loop = timers(system, hands)
    system.growth.tell(loop.wake)
    running = asyncio.create_task(loop.run())
    try:
        await ask(system)
        async with asyncio.timeout(20):
            while count(system, RequestExpired) == 0:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
