"""What waits for the writer while nobody waits for it any more."""

from __future__ import annotations

import asyncio
import threading

import pytest

from server.asking import ASKER, NotBegun
from server.command_bus import CommandBus, UnitOfWork

pytestmark = pytest.mark.anyio


class Someone:
    gone = False


async def test_a_job_whose_client_has_hung_up_is_not_begun_and_others_are(bus: CommandBus) -> None:
    held, at_work = threading.Event(), threading.Event()
    done: list[str] = []
    someone = Someone()

    def hold(_work: UnitOfWork) -> None:
        at_work.set()
        held.wait(10)

    async def ask(name: str, asker: Someone | None) -> None:
        ASKER.set(asker)
        await bus.call(lambda _work: done.append(name))

    holding = asyncio.create_task(bus.call(hold))
    await asyncio.to_thread(at_work.wait, 10)
    asking = [
        asyncio.create_task(ask("gone", someone)),
        asyncio.create_task(ask("here", Someone())),
        asyncio.create_task(ask("ours", None)),
    ]
    async with asyncio.timeout(10):
        while bus.load().waiting < 3:
            await asyncio.sleep(0.001)
    someone.gone = True
    held.set()
    await holding
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(outcomes[0], NotBegun)
    assert outcomes[1:] == [None, None]
    assert done == ["here", "ours"]


async def test_a_job_that_has_waited_for_too_long_is_not_begun(
    bus: CommandBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.asking.still_wanted.__defaults__", (0.0,))
    token = ASKER.set(Someone())
    try:
        with pytest.raises(NotBegun):
            await bus.call(lambda _work: None)
    finally:
        ASKER.reset(token)
    assert await bus.call(lambda _work: 1) == 1, "what is our own waits for as long as it takes"
