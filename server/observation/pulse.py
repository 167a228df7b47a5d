"""The loop that each worker runs beside its work: once a second it moves tallies to where they are shown,
and measures what only this process knows of itself."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import anyio

from domain.ports import CommandReader, Publisher
from server.duties import DutyStatus
from server.telemetry import catalogue
from server.telemetry.shown import ShownMetrics
from server.telemetry.tallies import Tallies

PULSE_SECONDS = 1.0
STATM = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class Measures:
    """What this process knows of itself at one moment. `turned_away` are counts since it began; `streams` are
    those of clients that listen for changes, by resource."""

    jobs_waiting: int
    reads_running: int
    reads_waiting: int
    connections: int
    at_work: int
    turned_away: Mapping[str, int]
    streams: Mapping[str, int]


class Pulse:
    """Runs from `run` until it is cancelled; `beat` is one turn."""

    def __init__(
        self,
        tallies: Tallies,
        shown: ShownMetrics,
        measures: Callable[[], Measures],
        publisher: Callable[[], Publisher | None],
        reader: Callable[[], CommandReader | None],
        duties: Callable[[], Sequence[DutyStatus]],
    ) -> None:
        self._tallies = tallies
        self._shown = shown
        self._measures = measures
        self._turned_away: dict[str, int] = {}
        self._publisher = publisher
        self._reader = reader
        self._duties = duties
        self._cpu = 0.0
        self._set_aside = 0
        self._states: set[str] = set()

    async def run(self) -> None:
        """Measure and move, once a second, and move what came since when it ends."""
        try:
            await anyio.to_thread.run_sync(self.beat)
            while True:
                began = time.perf_counter()
                await asyncio.sleep(PULSE_SECONDS)
                late = time.perf_counter() - began - PULSE_SECONDS
                self._tallies.observe(catalogue.LOOP_LAG.name, max(late, 0.0))
                await anyio.to_thread.run_sync(self.beat)
        finally:
            # A worker that ends is asked no more; those that stay show what it has counted.
            self._tallies.move(self._shown)

    def beat(self) -> None:
        """Measure this process and show what was counted; blocking, for a moment."""
        put, tallies = self._shown.put, self._tallies
        cpu = time.process_time()
        tallies.count(catalogue.CPU_SECONDS.name, by=cpu - self._cpu)
        self._cpu = cpu
        put(catalogue.WORKERS, 1.0)
        put(catalogue.MEMORY, float(resident_bytes()))
        self._show(self._measures())
        self._nats()
        for one in self._duties():
            put(catalogue.DUTIES, float(one.tenure is not None), one.duty)
            put(catalogue.DUTIES_FAILING, float(bool(one.fault)), one.duty)
        tallies.move(self._shown)

    def _show(self, now: Measures) -> None:
        put = self._shown.put
        put(catalogue.JOBS_WAITING, float(now.jobs_waiting))
        put(catalogue.READS_RUNNING, float(now.reads_running))
        put(catalogue.READS_WAITING, float(now.reads_waiting))
        put(catalogue.CONNECTIONS, float(now.connections))
        put(catalogue.AT_WORK, float(now.at_work))
        for path, count in now.streams.items():
            put(catalogue.SUBSCRIPTIONS, float(count), path)
        for reason, count in now.turned_away.items():
            fresh = count - self._turned_away.get(reason, 0)
            self._turned_away[reason] = count
            self._tallies.count(catalogue.TURNED_AWAY.name, reason, by=fresh)

    def _nats(self) -> None:
        publisher, reader = self._publisher(), self._reader()
        if publisher is not None:
            state = str(publisher.status().state)
            self._states.add(state)
            for one in self._states:
                self._shown.put(catalogue.PUBLISHERS, float(one == state), one)
        if reader is not None:
            status = reader.status()
            self._shown.put(catalogue.COMMAND_READERS, float(status.connected))
            fresh, self._set_aside = status.set_aside - self._set_aside, status.set_aside
            self._tallies.count(catalogue.DEAD_LETTERS.name, by=max(fresh, 0))


def resident_bytes() -> int:
    """Return how much memory this process has now; where the system does not tell, the most it ever had."""
    with suppress(OSError, ValueError, IndexError):
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
