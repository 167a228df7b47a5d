"""How far each webhook has come, as rows: the position of the newest event that was taken up, and when its
receiver may be called again. A cursor that is set anew gets another generation, so that what was under way
before can no longer move it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.ports import Row, Rows
from projections.columns import instant, number, parse_instant

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS webhook_cursor ("
    "webhook TEXT PRIMARY KEY, generation BIGINT NOT NULL, position BIGINT NOT NULL, "
    "failures BIGINT NOT NULL, fault TEXT NOT NULL, rest_until TEXT, delivered_at TEXT)",
)
COLUMNS = "webhook, generation, position, failures, fault, rest_until, delivered_at"


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

    def callable_at(self, now: datetime) -> datetime:
        """Return when the receiver may be called: now, or after its rest."""
        return now if self.rest_until is None else max(now, self.rest_until)


def begin(rows: Rows, webhook: str, generation: int, position: int) -> None:
    """Set a cursor: the next event to send is the one after `position`."""
    rows.execute("DELETE FROM webhook_cursor WHERE webhook = ?", (webhook,))
    rows.execute(
        f"INSERT INTO webhook_cursor ({COLUMNS}) VALUES (?, ?, ?, 0, '', NULL, NULL)",
        (webhook, generation, position),
    )


def cursor(rows: Rows, webhook: str) -> Cursor | None:
    """Return the cursor of a webhook."""
    found = rows.select(f"SELECT {COLUMNS} FROM webhook_cursor WHERE webhook = ?", (webhook,))
    return _row(found[0]) if found else None


def set_anew(rows: Rows, found: Cursor) -> bool:
    """Say whether a cursor has been set anew, or dropped, since it was found."""
    now = cursor(rows, found.webhook)
    return now is None or now.generation != found.generation


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
    webhook, generation, position, failures, fault, rest, delivered = row
    return Cursor(
        webhook=str(webhook),
        generation=number(generation),
        position=number(position),
        failures=number(failures),
        fault=str(fault),
        rest_until=None if rest is None else parse_instant(rest),
        delivered_at=None if delivered is None else parse_instant(delivered),
    )
