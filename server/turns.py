"""Taking turns: so much at once, so many who wait, and nobody for longer than his client would. Who comes
when the queue is full, or has waited for too long, is told at once that it is too much (`NotBegun`);
what was not begun is not done. Who hung up while he waited is passed over."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import TypeVar

import anyio

from server.asking import ASKER, LONGEST_WAIT, NotBegun

Answer = TypeVar("Answer")
MOST_WAITING = 256


class Turns:
    """A bound on what is done at once, as a block (``async with``) or on a thread."""

    def __init__(
        self, most: int, *, waiting: int = MOST_WAITING, seconds: float = LONGEST_WAIT
    ) -> None:
        """At most `most` at once, `waiting` behind them, each of those for so many `seconds`."""
        self._most = self._free = most
        self._waiting = waiting
        self._seconds = seconds
        self._queue: deque[asyncio.Future[None]] = deque()
        # Never waited for: it is only that anyio's own limit is not ours.
        self._threads = anyio.CapacityLimiter(most)

    def load(self) -> tuple[int, int]:
        """Return how many are at work, and how many wait."""
        return self._most - self._free, len(self._queue)

    async def on_thread(self, do: Callable[..., Answer], *given: object) -> Answer:
        """Call a function on a thread when it is its turn."""
        await self._take()
        try:
            return await anyio.to_thread.run_sync(do, *given, limiter=self._threads)
        finally:
            self._give()

    async def __aenter__(self) -> None:
        await self._take()

    async def __aexit__(self, *_fault: object) -> None:
        self._give()

    async def _take(self) -> None:
        if self._free:
            self._free -= 1
            return
        if len(self._queue) >= self._waiting:
            raise NotBegun("too many are waiting")
        mine = asyncio.get_running_loop().create_future()
        self._queue.append(mine)
        try:
            async with asyncio.timeout(self._seconds):
                await mine
        except BaseException as fault:
            if mine.done() and not mine.cancelled():
                self._give()
            else:
                mine.cancel()
                with contextlib.suppress(ValueError):
                    self._queue.remove(mine)
            if isinstance(fault, TimeoutError):
                raise NotBegun("it has waited for too long") from None
            raise
        asker = ASKER.get()
        if asker is not None and asker.gone:
            self._give()
            raise NotBegun("its client has gone")

    def _give(self) -> None:
        while self._queue:
            next_one = self._queue.popleft()
            # Who has just been cancelled has not heard of it yet.
            if not next_one.done():
                next_one.set_result(None)
                return
        self._free += 1
