"""The bell of a loop on the event loop."""

from __future__ import annotations

import asyncio
import contextlib

REST = 0.05
"""Seconds between two rounds of a loop behind the scenes: what came in between is done in one. A loop that was
idle is woken at once; under load, each would else follow every single commit with one of its own."""


class LoopBell:
    """The `Bell` port. One task waits for it at a time, on whatever event loop it runs."""

    def __init__(self, rest: float = 0.0) -> None:
        """It wakes nobody sooner than `rest` seconds after the last time."""
        self._rest = rest
        self._woke_at = float("-inf")
        self._rung = False
        self._waiting: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    def ring(self) -> None:
        """Wake the loop, from any thread and without waiting."""
        if self._rung:
            return
        # The order matters: whoever begins to wait looks at `_rung` after it can be found here.
        self._rung = True
        waiting = self._waiting
        if waiting is not None:
            loop, woken = waiting
            # The event loop may have closed meanwhile, and then nobody waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(woken.set)

    async def wait(self, seconds: float) -> bool:
        """Sleep until the next ring or for so long; say whether it rang."""
        time = asyncio.get_running_loop().time
        resting = self._woke_at + self._rest - time()
        if resting > 0:
            await asyncio.sleep(resting)
        woken = asyncio.Event()
        self._waiting = (asyncio.get_running_loop(), woken)
        try:
            if not self._rung:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await woken.wait()
        finally:
            self._waiting = None
        rung, self._rung = self._rung, False
        self._woke_at = time()
        return rung
