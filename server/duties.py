"""Duties at work: each background loop runs while this process holds its duty, is cancelled when that ends,
and begins anew when it is held again. What a loop writes through its `Watch` is written only while its tenure
is the newest.

A loop that fails does not stop the server, which would only carry the fault to the next process and end
requests too. It is told as critical, the duty is given up so that a process that is better off may have it,
and after a pause this one tries again. Until the loop has gone on, `faults` says what is wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import anyio

from domain.duties import Duties, Duty, Tenure, TenureOver
from domain.ports import Rows
from server.command_bus import CommandBus, UnitOfWork
from server.waking import LoopBell

Answer = TypeVar("Answer")
LOOK_SECONDS = 0.5
"""Between looks at whether a tenure has run out unheard."""
PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Seconds until a loop that failed is tried again."""
ENDING_SECONDS = 5.0
"""A loop that was cancelled and has not ended after so long, longer than closing a connection takes, is cancelled
again."""
WELL_SECONDS = 60.0
"""A loop that has run for so long is well again."""

_log = logging.getLogger(__name__)


class Jobs(Protocol):
    """Runs jobs as the bus does, be it the bus itself or a watch."""

    async def call(self, job: Callable[[UnitOfWork], Answer]) -> Answer:
        """Run a job: what it writes becomes durable together, or not at all."""

    def call_blocking(self, job: Callable[[UnitOfWork], Answer]) -> Answer:
        """Run a job for a caller outside any event loop."""


@dataclass(frozen=True, slots=True)
class DutyStatus:
    """How one duty stands in this process: the tenure while it is held, and the fault of its loop."""

    duty: Duty
    tenure: Tenure | None
    fault: str = ""


class Watch:
    """One duty in this process: runs its loop, and its loop's jobs."""

    def __init__(self, duty: Duty, duties: Duties, bus: CommandBus) -> None:
        self.duty = duty
        self._duties = duties
        self._bus = bus
        self._tenure: Tenure | None = None
        self._bell = LoopBell()
        self._fault = ""

    def status(self) -> DutyStatus:
        """Return how it stands now."""
        return DutyStatus(self.duty, self._duties.tenure(self.duty), self._fault)

    async def call(self, job: Callable[[UnitOfWork], Answer]) -> Answer:
        """Run a job in the name of the present tenure; raises `TenureOver`. Before the loop runs, nobody
        is on watch and nothing is checked."""
        return await self._bus.call(self._fenced(job))

    def call_blocking(self, job: Callable[[UnitOfWork], Answer]) -> Answer:
        """Do the same for a caller outside any event loop."""
        return self._bus.call_blocking(self._fenced(job))

    def fence(self, rows: Rows) -> None:
        """Raise `TenureOver` if the present tenure is not the newest, inside a write transaction."""
        if self._tenure is not None:
            self._duties.check(rows, self._tenure)

    def _fenced(self, job: Callable[[UnitOfWork], Answer]) -> Callable[[UnitOfWork], Answer]:
        # A job may be run later than its loop is cancelled: the tenure is that of now.
        tenure = self._tenure
        if tenure is None:
            return job

        def fenced(work: UnitOfWork) -> Answer:
            self._duties.check(work.rows, tenure)
            return job(work)

        return fenced

    async def run(self, loop: Callable[[], Awaitable[None]]) -> None:
        """Run the loop whenever the duty is held, until cancelled."""
        failures = 0
        while True:
            self._duties.want(self.duty, self._bell.ring)
            began = asyncio.get_running_loop().time()
            try:
                await self._run_once(loop)
            except Exception as fault:  # noqa: BLE001 - told, and tried again; see the module
                self._tell(fault)
                well = asyncio.get_running_loop().time() - began > WELL_SECONDS
                failures = 1 if well else failures + 1
                self._duties.resign(self.duty)
                await asyncio.sleep(PAUSES[min(failures, len(PAUSES)) - 1])
            finally:
                self._duties.resign(self.duty)

    def _tell(self, fault: Exception) -> None:
        _log.critical("%s failed and is tried again", self.duty, exc_info=fault)
        self._fault = f"{type(fault).__name__}: {fault}"

    async def _run_once(self, loop: Callable[[], Awaitable[None]]) -> None:
        """Wait for the duty, and run the loop through one tenure; raises what it raises."""
        while (tenure := self._duties.tenure(self.duty)) is None:
            await self._bell.wait(LOOK_SECONDS)
        self._tenure = tenure
        working = asyncio.ensure_future(loop())
        try:
            await self._until_over(tenure, working)
        finally:
            # What it has handed to a thread is waited for: two tenures never mix in one process.
            with anyio.CancelScope(shield=True):
                await ended(working)
            self._tenure = None
        _raise_fault(working)

    async def _until_over(self, tenure: Tenure, working: asyncio.Future[None]) -> None:
        began = asyncio.get_running_loop().time()
        working.add_done_callback(lambda _done: self._bell.ring())
        while self._duties.tenure(self.duty) == tenure and not working.done():
            await self._bell.wait(LOOK_SECONDS)
            if self._fault and asyncio.get_running_loop().time() - began > WELL_SECONDS:
                self._fault = ""


async def ended(working: asyncio.Future[None]) -> None:
    """Cancel a loop until it has ended. Once is not enough: `asyncio.wait_for` of Python 3.11, which libraries
    use, loses a cancellation that comes as its own wait ends (python/cpython#86296)."""
    while not working.done():
        working.cancel()
        await asyncio.wait({working}, timeout=ENDING_SECONDS)


def _raise_fault(working: asyncio.Future[None]) -> None:
    """Raise what a loop failed with, unless that is only that its tenure is over."""
    if working.cancelled():
        return
    fault = working.exception()
    if fault is None:
        msg = "a loop that never ends has ended"
        raise RuntimeError(msg)
    others = fault.split(TenureOver)[1] if isinstance(fault, BaseExceptionGroup) else fault
    if others is not None and not isinstance(others, TenureOver):
        raise others


class Rota:
    """The duties that this process would do, each with its watch."""

    def __init__(self, duties: Duties, bus: CommandBus) -> None:
        self._duties = duties
        self._bus = bus
        self._watches: dict[Duty, Watch] = {}

    def watch(self, duty: Duty) -> Watch:
        """Return the watch of a duty, the same each time."""
        if duty not in self._watches:
            self._watches[duty] = Watch(duty, self._duties, self._bus)
        return self._watches[duty]

    def status(self) -> tuple[DutyStatus, ...]:
        """Return how each duty stands in this process."""
        return tuple(one.status() for one in self._watches.values())

    def holds(self, duty: Duty) -> bool:
        """Say whether this process does a duty now."""
        return self._duties.tenure(duty) is not None
