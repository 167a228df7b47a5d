"""How far each webhook has come, as rows: the position of the newest event that was taken up, when its
receiver may be called again, and which process holds it. A cursor that is set anew gets another
generation, so that what was under way before can no longer move it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.ports import Row, Rows
from projections.columns import instant, maybe_text, number, parse_instant

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS webhook_cursor ("
    "webhook TEXT PRIMARY KEY, generation BIGINT NOT NULL, position BIGINT NOT NULL, "
    "failures BIGINT NOT NULL, fault TEXT NOT NULL, rest_until TEXT, delivered_at TEXT, "
    "held_by TEXT, held_until TEXT)",
)
COLUMNS = (
    "webhook, generation, position, failures, fault, rest_until, delivered_at, held_by, held_until"
)
HOLD = timedelta(seconds=60)
"""How long a process holds a webhook without a word; several times what one attempt may last."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where one webhook stands. `failures` counts those in a row, `fault` is the latest."""

    webhook: str
    generation: int
    position: int
    failures: int
    fault: str
    rest_until: datetime | None
    delivered_at: datetime | None
    held_by: str | None
    held_until: datetime | None

    def callable_at(self, now: datetime, holder: str) -> datetime:
        """Return when this holder may call the receiver: now, or after its rest and others' hold."""
        moments = [now]
        if self.rest_until is not None:
            moments.append(self.rest_until)
        if self.held_until is not None and self.held_by != holder:
            moments.append(self.held_until)
        return max(moments)

    def held(self, now: datetime, holder: str) -> bool:
        """Say whether this holder's hold lasts for another attempt."""
        return (
            self.held_by == holder
            and self.held_until is not None
            and self.held_until - now > HOLD / 2
        )


def begin(rows: Rows, webhook: str, generation: int, position: int) -> None:
    """Set a cursor: the next event to send is the one after `position`."""
    rows.execute("DELETE FROM webhook_cursor WHERE webhook = ?", (webhook,))
    rows.execute(
        f"INSERT INTO webhook_cursor ({COLUMNS}) VALUES (?, ?, ?, 0, '', NULL, NULL, NULL, NULL)",
        (webhook, generation, position),
    )


def cursor(rows: Rows, webhook: str) -> Cursor | None:
    """Return the cursor of a webhook."""
    found = rows.select(f"SELECT {COLUMNS} FROM webhook_cursor WHERE webhook = ?", (webhook,))
    return _row(found[0]) if found else None


def hold(rows: Rows, found: Cursor, holder: str, now: datetime) -> bool:
    """Hold a webhook for this process; False if another does, or the cursor was set anew."""
    sql = (
        "UPDATE webhook_cursor SET held_by = ?, held_until = ? "
        "WHERE webhook = ? AND generation = ? "
        "AND (held_by IS NULL OR held_by = ? OR held_until <= ?)"
    )
    changes = (holder, instant(now + HOLD), found.webhook, found.generation, holder, instant(now))
    return rows.execute(sql, changes) == 1


def move(rows: Rows, found: Cursor, position: int) -> bool:
    """Move a cursor on from where it was found; False if it has been moved meanwhile."""
    sql = (
        "UPDATE webhook_cursor SET position = ? "
        "WHERE webhook = ? AND generation = ? AND position = ?"
    )
    return rows.execute(sql, (position, found.webhook, found.generation, found.position)) == 1


def note_success(rows: Rows, webhook: str, now: datetime) -> None:
    """Remember that the receiver took something."""
    rows.execute(
        "UPDATE webhook_cursor SET failures = 0, fault = '', rest_until = NULL, delivered_at = ? "
        "WHERE webhook = ?",
        (instant(now), webhook),
    )


def note_failure(
    rows: Rows, webhook: str, failures: int, fault: str, rest_until: datetime
) -> None:
    """Remember that the receiver failed, and when it may be called again."""
    rows.execute(
        "UPDATE webhook_cursor SET failures = ?, fault = ?, rest_until = ? WHERE webhook = ?",
        (failures, fault, instant(rest_until), webhook),
    )


def wake_up(rows: Rows, webhook: str) -> None:
    """Let a receiver be called at once: a person says that it is well again."""
    rows.execute(
        "UPDATE webhook_cursor SET failures = 0, rest_until = NULL WHERE webhook = ?", (webhook,)
    )


def forget_cursor(rows: Rows, webhook: str) -> None:
    """Drop the cursor of a webhook."""
    rows.execute("DELETE FROM webhook_cursor WHERE webhook = ?", (webhook,))


def _row(row: Row) -> Cursor:
    webhook, generation, position, failures, fault, rest, delivered, held_by, held_until = row
    return Cursor(
        webhook=str(webhook),
        generation=number(generation),
        position=number(position),
        failures=number(failures),
        fault=str(fault),
        rest_until=None if rest is None else parse_instant(rest),
        delivered_at=None if delivered is None else parse_instant(delivered),
        held_by=maybe_text(held_by),
        held_until=None if held_until is None else parse_instant(held_until),
    )
