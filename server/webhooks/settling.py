"""What an attempt changes, all in one transaction: the cursor, the failures, the receiver's rest, and
whether the webhook goes on. An attempt that was overtaken meanwhile (by a replay, a redelivery, another
process's tenure) changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.envelope import Recorded
from domain.ports import NewId, Rows
from domain.values import SYSTEM
from domain.webhook import DisableWebhook, WebhookState
from projections.webhooks import WebhookRow, webhook
from server.backoff import Chance
from server.command_bus import CommandContext, UnitOfWork
from server.webhooks import cursors, failures
from server.webhooks.attempts import Delivered, Ended, Failed, Verdict
from server.webhooks.cursors import Cursor
from server.webhooks.failures import Failure
from server.webhooks.retries import SCHEDULE, rest_after

FAULT_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Chosen:
    """The event to send now; `retry` is its earlier failure, if it has failed before."""

    row: WebhookRow
    cursor: Cursor
    recorded: Recorded
    retry: Failure | None


@dataclass(frozen=True, slots=True)
class Settling:
    """Writes verdicts down."""

    new_id: NewId
    chance: Chance

    def __call__(self, work: UnitOfWork, chosen: Chosen, verdict: Verdict, now: datetime) -> None:
        """Write one verdict down."""
        rows, name = work.rows, chosen.row.name
        if cursors.set_anew(rows, chosen.cursor):
            return
        if isinstance(verdict, Ended):
            self._end(work, name, verdict.reason, now)
        elif _taken_up(rows, chosen):
            match verdict:
                case Delivered():
                    if chosen.retry is not None:
                        failures.drop_failure(rows, chosen.retry)
                    cursors.note_success(rows, name, now)
                case Failed():
                    self._fail(rows, chosen, verdict, now)

    def _end(self, work: UnitOfWork, name: str, reason: str, now: datetime) -> None:
        found = webhook(work.rows, name)
        if found is not None and found.state is not WebhookState.DISABLED:
            context = CommandContext(SYSTEM, now, self.new_id())
            work.execute(DisableWebhook(name, reason[:FAULT_LIMIT]), context)

    def _fail(self, rows: Rows, chosen: Chosen, failed: Failed, now: datetime) -> None:
        envelope = chosen.recorded.envelope
        attempts = 1 + (chosen.retry.attempts if chosen.retry else 0)
        wait = SCHEDULE.after(attempts, self.chance)
        failure = Failure(
            webhook=chosen.row.name,
            event_id=envelope.event_id,
            position=chosen.recorded.position,
            topic=envelope.event.TOPIC,
            attempts=attempts,
            fault=failed.fault[:FAULT_LIMIT],
            failed_at=now,
            due_at=None if wait is None else now + max(wait, failed.wait),
        )
        failures.store_failure(rows, failure)
        in_a_row = chosen.cursor.failures + 1
        rest = max(rest_after(in_a_row), failed.wait)
        cursors.note_failure(rows, chosen.row.name, in_a_row, failure.fault, now + rest)


def _taken_up(rows: Rows, chosen: Chosen) -> bool:
    """Move the cursor on to a new event; False if the attempt was overtaken."""
    if chosen.retry is not None:
        return failures.still_as_found(rows, chosen.retry)
    return cursors.move(rows, chosen.cursor, chosen.recorded.position)
