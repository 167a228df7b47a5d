"""Deliveries that failed, as rows: the event's place in the log, how often it was tried, and when it is
tried again. One that is not tried again has no such time: it is a dead letter, and waits for a
person. The content is read from the log each time, so that what is forgotten there is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.ports import Row, Rows
from projections.columns import instant, maybe_instant, number, parse_instant

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS webhook_failure ("
    "webhook TEXT NOT NULL, event_id TEXT NOT NULL, position BIGINT NOT NULL, "
    "topic TEXT NOT NULL, attempts BIGINT NOT NULL, fault TEXT NOT NULL, "
    "failed_at TEXT NOT NULL, due_at TEXT, PRIMARY KEY (webhook, position))",
    "CREATE INDEX IF NOT EXISTS webhook_failure_by_due ON webhook_failure (webhook, due_at)",
)
COLUMNS = "webhook, event_id, position, topic, attempts, fault, failed_at, due_at"
SHOWN = 500


@dataclass(frozen=True, slots=True)
class Failure:
    """One event that a receiver has not taken; a dead letter where `due_at` is None."""

    webhook: str
    event_id: str
    position: int
    topic: str
    attempts: int
    fault: str
    failed_at: datetime
    due_at: datetime | None


def store_failure(rows: Rows, failure: Failure) -> None:
    """Write down how the latest attempt ended."""
    rows.execute(
        f"INSERT INTO webhook_failure ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (webhook, position) DO UPDATE SET attempts = excluded.attempts, "
        "fault = excluded.fault, failed_at = excluded.failed_at, due_at = excluded.due_at",
        (
            failure.webhook,
            failure.event_id,
            failure.position,
            failure.topic,
            failure.attempts,
            failure.fault,
            instant(failure.failed_at),
            maybe_instant(failure.due_at),
        ),
    )


def still_as_found(rows: Rows, failure: Failure) -> bool:
    """Say whether nobody has tried, redelivered or dropped it since."""
    found = rows.select(
        "SELECT due_at FROM webhook_failure WHERE webhook = ? AND position = ?",
        (failure.webhook, failure.position),
    )
    return found == [(maybe_instant(failure.due_at),)]


def drop_failure(rows: Rows, failure: Failure) -> None:
    """Forget a failure: the event has been taken."""
    rows.execute(
        "DELETE FROM webhook_failure WHERE webhook = ? AND position = ?",
        (failure.webhook, failure.position),
    )


def next_due(rows: Rows, webhook: str) -> Failure | None:
    """Return the failure that is tried again first."""
    found = rows.select(
        f"SELECT {COLUMNS} FROM webhook_failure WHERE webhook = ? AND due_at IS NOT NULL "
        "ORDER BY due_at, position LIMIT 1",
        (webhook,),
    )
    return _row(found[0]) if found else None


def failures_of(rows: Rows, webhook: str) -> list[Failure]:
    """Return the oldest failures of a webhook, dead letters first."""
    found = rows.select(
        f"SELECT {COLUMNS} FROM webhook_failure WHERE webhook = ? "
        f"ORDER BY CASE WHEN due_at IS NULL THEN 0 ELSE 1 END, position LIMIT {SHOWN}",
        (webhook,),
    )
    return [_row(one) for one in found]


def count_failures(rows: Rows, webhook: str) -> tuple[int, int]:
    """Return how many wait for another attempt, and how many are dead letters."""
    found = rows.select(
        "SELECT COUNT(due_at), COUNT(*) FROM webhook_failure WHERE webhook = ?", (webhook,)
    )
    waiting, every = map(number, found[0])
    return waiting, every - waiting


def count_due(rows: Rows, webhook: str, event_id: str | None) -> int:
    """Return how many failures `make_due` would let be tried."""
    which = _which(event_id)
    found = rows.select(
        f"SELECT COUNT(*) FROM webhook_failure WHERE webhook = ? AND {which}",
        (webhook, *(() if event_id is None else (event_id,))),
    )
    return number(found[0][0])


def make_due(rows: Rows, webhook: str, event_id: str | None, now: datetime) -> int:
    """Let a failure, or every dead letter where no event is named, be tried now and as often as a
    new one; return how many there are."""
    which = _which(event_id)
    return rows.execute(
        f"UPDATE webhook_failure SET due_at = ?, attempts = 0 WHERE webhook = ? AND {which}",
        (instant(now), webhook, *(() if event_id is None else (event_id,))),
    )


def _which(event_id: str | None) -> str:
    return "due_at IS NULL" if event_id is None else "event_id = ?"


def forget_failures(rows: Rows, webhook: str, after: int = 0) -> None:
    """Drop the failures after a position, which are sent again anyway or never."""
    sql = "DELETE FROM webhook_failure WHERE webhook = ? AND position > ?"
    rows.execute(sql, (webhook, after))


def _row(row: Row) -> Failure:
    webhook, event_id, position, topic, attempts, fault, failed_at, due_at = row
    return Failure(
        webhook=str(webhook),
        event_id=str(event_id),
        position=number(position),
        topic=str(topic),
        attempts=number(attempts),
        fault=str(fault),
        failed_at=parse_instant(failed_at),
        due_at=None if due_at is None else parse_instant(due_at),
    )
