"""The report of one process to whoever has started it, made on its event loop as long as that runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from server.supervision.notices import Condition, Supervisor

SOON_SECONDS = 0.25
"""Between looks until requests may come for the first time, which is told at once."""


class Judged(Protocol):
    """A process, as `server.health` judges it for ``/healthz`` and ``/readyz``."""

    def fault(self) -> str:
        """Return why a restart would help; empty if it would not."""

    async def reasons(self) -> Sequence[str]:
        """Return why requests should be sent elsewhere."""


class Reporting:
    """Reports from `run` until it is cancelled, not before requests are answered (`begin`). Where nobody wants
    to hear, there is nothing to do."""

    def __init__(self, health: Judged, supervisor: Supervisor | None) -> None:
        self._health = health
        self._supervisor = supervisor
        self._begun = asyncio.Event()

    def begin(self) -> None:
        """Report from now on."""
        self._begun.set()

    def end(self) -> None:
        """Say that this process has begun to end."""
        if self._supervisor is not None:
            self._supervisor.stopping()

    async def run(self) -> None:
        """Look at this process and tell, again and again."""
        supervisor = self._supervisor
        if supervisor is None:
            return
        await self._begun.wait()
        most = supervisor.report_seconds
        pause = min(SOON_SECONDS, most)
        while True:
            condition = await self._condition()
            supervisor.fares(condition)
            pause = most if condition.ready else pause
            await asyncio.sleep(pause)

    async def _condition(self) -> Condition:
        try:
            reasons = await self._health.reasons()
        except Exception as fault:  # noqa: BLE001 - what keeps /readyz from an answer is a reason, too
            reasons = [f"readiness cannot be told ({type(fault).__name__})"]
        return Condition(self._health.fault(), tuple(reasons))
