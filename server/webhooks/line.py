"""One webhook's deliveries, one at a time: those that are due again in turn with new events, until
there is nothing left to do now."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import anyio

from domain.envelope import Recorded
from domain.outgoing import EventApps, EventBodies, WebhookSender
from domain.ports import Clock, EventLog, Rows, SigningKeys
from domain.webhook import WebhookState
from projections.webhooks import WebhookRow, webhook
from server.duties import Jobs
from server.reads import Reads
from server.webhooks import cursors
from server.webhooks.attempts import Ended, Verdict, attempt
from server.webhooks.cursors import Cursor
from server.webhooks.failures import Failure, next_due
from server.webhooks.filters import wanted
from server.webhooks.sealed_secrets import SecretLost, good_secrets
from server.webhooks.settling import Chosen, Settling

BATCH = 100


@dataclass(frozen=True, slots=True)
class Means:
    """What deliveries are made with."""

    bus: Jobs
    log: EventLog
    reads: Reads
    keys: SigningKeys
    sender: WebhookSender
    bodies: EventBodies
    apps: EventApps
    clock: Clock
    settling: Settling


@dataclass(frozen=True, slots=True)
class _Standing:
    """What is known of a webhook that may be called now."""

    row: WebhookRow
    cursor: Cursor
    due: Failure | None


class Line:
    """The line of one webhook."""

    def __init__(self, means: Means, name: str) -> None:
        self._means = means
        self._name = name
        self._read: deque[Recorded] = deque()
        self._retried = False

    async def step(self) -> bool:
        """Do the next thing; False if there is nothing to do now. Raises `Unavailable`."""
        means = self._means
        standing = await means.reads.query(self._standing)
        if standing is None:
            return False
        chosen, scanned = await anyio.to_thread.run_sync(self._choose, standing)
        if chosen is None:
            if scanned == standing.cursor.position:
                return False
            await means.bus.call(lambda work: cursors.move(work.rows, standing.cursor, scanned))
            return True
        self._retried = chosen.retry is not None
        verdict = await self._attempt(chosen)
        now = means.clock()
        await means.bus.call(lambda work: means.settling(work, chosen, verdict, now))
        return True

    def _standing(self, rows: Rows) -> _Standing | None:
        now = self._means.clock()
        row, cursor = webhook(rows, self._name), cursors.cursor(rows, self._name)
        if row is None or cursor is None or row.state is not WebhookState.ACTIVE:
            return None
        if cursor.callable_at(now) > now:
            return None
        due = next_due(rows, self._name)
        late = due is not None and due.due_at is not None and due.due_at <= now
        return _Standing(row, cursor, due if late else None)

    def _choose(self, standing: _Standing) -> tuple[Chosen | None, int]:
        """Return what to send, and up to where nothing else is wanted."""
        position = standing.cursor.position
        if standing.due is not None and not self._retried:
            return self._again(standing, standing.due), position
        found, scanned = self._next_wanted(standing.row, position)
        if found is not None:
            return Chosen(standing.row, standing.cursor, found, None), scanned
        if standing.due is not None and scanned == position:
            return self._again(standing, standing.due), position
        return None, scanned

    def _again(self, standing: _Standing, due: Failure) -> Chosen:
        (recorded,) = self._means.log.events_after(due.position - 1, 1)
        return Chosen(standing.row, standing.cursor, recorded, due)

    def _next_wanted(self, row: WebhookRow, position: int) -> tuple[Recorded | None, int]:
        """Look through one batch of the log; return the event, and where the look ended."""
        if not self._read or self._read[0].position != position + 1:
            self._read = deque(self._means.log.events_after(position, BATCH))
        while self._read:
            one = self._read.popleft()
            event = one.envelope.event
            if wanted(row.events, row.apps, event.TOPIC, self._means.apps(event)):
                return one, one.position
            position = one.position
        return None, position

    async def _attempt(self, chosen: Chosen) -> Verdict:
        means = self._means
        try:
            good = await means.reads.query(self._good_secrets)
        except SecretLost:
            return Ended("no key in the data folder opens its secret: rotate it, then resume")
        body = means.bodies(chosen.recorded)
        said, url = chosen.recorded.envelope, chosen.row.url
        return await attempt(
            means.sender, means.clock, url, said.event_id, body, good, said.traceparent
        )

    def _good_secrets(self, rows: Rows) -> Sequence[str]:
        means = self._means
        return good_secrets(rows, means.keys.ring(), self._name, means.clock())
