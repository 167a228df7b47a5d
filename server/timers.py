"""Time for requests: a loop that does what is due, one command for each request, and then sleeps
until the next thing is. What is due stands in a table, so that nothing is forgotten over a restart.
One process does it at a time; should two do so for a while, each command finds what the other has left to
do, since the decider lets a time pass once. A command that
cannot be decided is a fault of ours: it is logged, left for a minute, and holds up nobody else."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from domain.access_request import LetTimePass
from domain.errors import Refused
from domain.ports import Clock, NewId, Unavailable
from domain.review import RemindReviewers
from domain.values import Actor, RequestId, Via
from projections.timers import Due, due_by, next_due
from server.command_bus import CommandBus, CommandContext
from server.reads import Reads
from server.waking import REST, LoopBell

BATCH = 100
LONGEST_SLEEP = 30.0
"""Seconds; the floor for what other processes have set, and for clocks that are moved."""
PAUSE = timedelta(minutes=1)
TIMER = Actor(Via.TIMER)
_log = logging.getLogger(__name__)


class Timers:
    """Lets time pass for requests and reviews."""

    def __init__(self, bus: CommandBus, reads: Reads, clock: Clock, new_id: NewId) -> None:
        self._bus = bus
        self._reads = reads
        self._clock = clock
        self._new_id = new_id
        self._paused: dict[RequestId, datetime] = {}
        self._grown = LoopBell(REST)

    def wake(self) -> None:
        """Say, from any thread, that something may be due earlier than was known."""
        self._grown.ring()

    async def run(self) -> None:
        """Do what is due until cancelled."""
        while True:
            pause = LONGEST_SLEEP
            try:
                await self.do_what_is_due()
                pause = await self._until_next()
            except Unavailable as outage:
                _log.warning("timers wait: %s", outage)
            await self._grown.wait(pause)

    async def do_what_is_due(self) -> int:
        """Do all that is due by now; return how many requests it was about."""
        done = 0
        while True:
            now = self._clock()
            due = [one for one in await self._due(now) if not self._is_paused(one, now)]
            if not due:
                return done
            for one in due:
                await self._pass(one, now)
            done += len(due)

    async def _due(self, now: datetime) -> tuple[Due, ...]:
        wanted = BATCH + len(self._paused)
        return await self._reads.query(lambda rows: due_by(rows, now, wanted))

    async def _until_next(self) -> float:
        """Return for how many seconds nothing is due; what is paused does not hurry."""
        moment = await self._reads.query(next_due)
        if moment is None:
            return LONGEST_SLEEP
        wait = (moment - self._clock()).total_seconds()
        least = 1.0 if self._paused else 0.0
        return min(max(wait, least), LONGEST_SLEEP)

    def _is_paused(self, one: Due, now: datetime) -> bool:
        until = self._paused.get(one.request_id)
        # It ends too where the clock was set back meanwhile.
        if until is not None and not now < until <= now + PAUSE:
            del self._paused[one.request_id]
            return False
        return until is not None

    async def _pass(self, one: Due, now: datetime) -> None:
        context = CommandContext(TIMER, now, self._new_id())
        command = (
            RemindReviewers(one.request_id, now)
            if one.review
            else LetTimePass(one.request_id, now)
        )
        try:
            done = await self._bus.execute(command, context)
        except Refused as refusal:
            self._pause(one, now, str(refusal))
        else:
            if not done.changed:
                self._pause(one, now, "nothing was due")

    def _pause(self, one: Due, now: datetime, why: str) -> None:
        _log.error("a timer of request %s had no effect: %s", one.request_id, why)
        self._paused[one.request_id] = now + PAUSE
