"""So much at once, so many who wait, and nobody for longer than his client."""

from __future__ import annotations

import asyncio
import threading

import pytest

from domain.ports import Unavailable
from server.asking import ASKER, NotBegun
from server.turns import Turns

pytestmark = pytest.mark.anyio


class Someone:
    gone = False


async def started(turns: Turns, at_work: int, waiting: int) -> None:
    async with asyncio.timeout(5):
        while turns.load() != (at_work, waiting):
            await asyncio.sleep(0.001)


async def test_who_comes_when_the_queue_is_full_is_told_at_once() -> None:
    turns, gate = Turns(2, waiting=1), threading.Event()
    working = [asyncio.create_task(turns.on_thread(gate.wait)) for _ in range(3)]
    await started(turns, 2, 1)
    with pytest.raises(NotBegun, match="too many"):
        await turns.on_thread(gate.wait)
    gate.set()
    assert await asyncio.gather(*working) == [True] * 3
    assert turns.load() == (0, 0)


async def test_who_has_waited_for_too_long_is_not_begun() -> None:
    turns = Turns(1, seconds=0.01)
    begun: list[int] = []
    async with turns:
        with pytest.raises(NotBegun, match="too long"):
            await turns.on_thread(begun.append, 1)
    await turns.on_thread(begun.append, 2)
    assert begun == [2]
    assert turns.load() == (0, 0)


async def test_who_has_hung_up_is_passed_over() -> None:
    turns = Turns(1)
    begun: list[int] = []
    someone = Someone()

    async def ask() -> None:
        ASKER.set(someone)
        await turns.on_thread(begun.append, 1)

    async with turns:
        asking = asyncio.create_task(ask())
        await started(turns, 1, 1)
        someone.gone = True
    with pytest.raises(Unavailable):
        await asking
    await turns.on_thread(begun.append, 2)
    assert begun == [2]


async def test_turns_are_in_order_and_none_is_lost_by_who_gives_up() -> None:
    turns = Turns(1)
    order: list[int] = []

    async def ask(number: int) -> None:
        async with turns:
            order.append(number)

    async with turns:
        asking = [asyncio.create_task(ask(number)) for number in range(4)]
        await started(turns, 1, 4)
        asking[0].cancel()
    await asyncio.gather(*asking[1:])
    assert order == [1, 2, 3]
    async with turns:
        asking = [asyncio.create_task(ask(number)) for number in range(4)]
        await started(turns, 1, 4)
        asking[1].cancel()
    # The turn that was just given to the first may still be given up.
    asking[0].cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    assert order == [1, 2, 3, 2, 3]
    assert turns.load() == (0, 0)
