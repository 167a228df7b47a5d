"""The loop that empties the outbox: a mail at a time, woken when the log grows and when one is due.
Without a mail server it only keeps the outbox from growing old.

One process sends at a time. A mail is out for longer than any attempt lasts, and what becomes of it is
written only by the newest tenure; one that was out for too long, because its process was paused, is not
handed over any more. What is left is the moment between a mail server's word and our own commit: then it is
sent again, under the same Message-ID."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from domain.outgoing import Mailer, MailRefused, MailUnavailable
from domain.ports import Clock, Unavailable
from server.backoff import Chance
from server.command_bus import UnitOfWork
from server.duties import Jobs
from server.mail import outbox
from server.mail.outbox import Queued
from server.reads import Reads
from server.waking import REST, LoopBell

POLL_SECONDS = 1.0
TIDY_EVERY = timedelta(minutes=10)

_log = logging.getLogger(__name__)


class MailDelivery:
    """Sends the outbox's mails, from `run` until it is cancelled."""

    def __init__(
        self, bus: Jobs, reads: Reads, mailer: Mailer | None, clock: Clock, chance: Chance
    ) -> None:
        """`mailer` is None where mail is off."""
        self._bus = bus
        self._reads = reads
        self._mailer = mailer
        self._clock = clock
        self._chance = chance
        self._news = LoopBell(REST)
        self._tidied: datetime | None = None

    def wake(self) -> None:
        """Say, from any thread, that there may be a mail."""
        self._news.ring()

    async def run(self) -> None:
        """Send until cancelled. An outage of the store is waited out; any other fault ends it."""
        while True:
            try:
                await self._tidy()
                await self.send_all()
            except Unavailable as outage:
                _log.warning("mail waits: %s", outage)
            await self._news.wait(POLL_SECONDS)

    async def send_all(self) -> None:
        """Send every mail that is due now."""
        if self._mailer is None:
            return
        while await self._due():
            queued = await self._bus.call(lambda work: outbox.take(work.rows, self._clock()))
            if queued is None:
                return
            if self._clock() < queued.taken_until:
                await self._send(self._mailer, queued)

    async def _due(self) -> bool:
        moment = await self._reads.query(outbox.next_due)
        return moment is not None and moment <= self._clock()

    async def _send(self, mailer: Mailer, queued: Queued) -> None:
        try:
            await mailer.send(queued.mail)
        except MailRefused as fault:
            why = str(fault)
            _log.warning("mail %s is not sent: %s", queued.mail.message_id, why)
            await self._bus.call(lambda work: outbox.refused(work.rows, queued, why))
        except MailUnavailable as fault:
            why = str(fault)
            _log.warning("mail %s is tried again: %s", queued.mail.message_id, why)
            await self._bus.call(lambda work: self._failed(work, queued, why))
        else:
            await self._bus.call(lambda work: outbox.sent(work.rows, queued))

    def _failed(self, work: UnitOfWork, queued: Queued, fault: str) -> None:
        outbox.failed(work.rows, queued, fault, self._clock(), self._chance)

    async def _tidy(self) -> None:
        now = self._clock()
        if self._tidied is None or now - self._tidied >= TIDY_EVERY:
            await self._bus.call(lambda work: outbox.tidy(work.rows, now))
            self._tidied = now
