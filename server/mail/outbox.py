"""The outbox: mails as rows, from the transaction that caused them until they are handed over. The same
`message_id` is the same mail, and is sent once however often it is enqueued. A mail is taken out for a
while before it is sent, so that two processes do not send it, and one that dies in the middle leaves it
to be sent again: at least once, under one Message-ID. What has been sent keeps its id and loses its
content at once; what could not be sent is kept for a while, so that somebody can see why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from domain.outgoing import Mail
from domain.ports import Row, Rows
from projections.columns import instant, json_text, number, parse_instant
from server.backoff import Backoff, Chance

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS mail_outbox ("
    "message_id TEXT PRIMARY KEY, state TEXT NOT NULL, body TEXT NOT NULL, "
    "attempts BIGINT NOT NULL, fault TEXT NOT NULL, queued_at TEXT NOT NULL, due_at TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS mail_outbox_by_queued ON mail_outbox (queued_at)",
    "CREATE INDEX IF NOT EXISTS mail_outbox_by_due ON mail_outbox (state, due_at)",
)
QUEUED, SENT, DEAD = "queued", "sent", "dead"
SCHEDULE = Backoff(
    (
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=15),
        timedelta(hours=1),
        timedelta(hours=2),
        timedelta(hours=4),
        timedelta(hours=8),
        timedelta(hours=12),
        timedelta(hours=24),
    )
)
LIFE = timedelta(days=3)
"""A mail that could not be sent by then is not worth sending."""
KEPT = timedelta(days=30)
"""How long the id of a sent mail, and the whole of a dead one, is known."""
TAKEN = timedelta(minutes=5)
"""How long a mail is out with whoever sends it; longer than any attempt lasts."""
_mail_decoder = msgspec.json.Decoder(Mail)


@dataclass(frozen=True, slots=True)
class Queued:
    """A mail that is out to be sent, for the `attempt`-th time, until `taken_until`."""

    mail: Mail
    attempt: int
    taken_until: datetime


@dataclass(frozen=True, slots=True)
class DeadMail:
    """A mail that will not be sent, and why."""

    message_id: str
    attempts: int
    fault: str
    queued_at: datetime


def enqueue(rows: Rows, mail: Mail, now: datetime) -> bool:
    """Put a mail into the outbox, in the caller's transaction; False if its id was there already."""
    sql = (
        "INSERT INTO mail_outbox (message_id, state, body, attempts, fault, queued_at, due_at) "
        "VALUES (?, ?, ?, 0, '', ?, ?) ON CONFLICT (message_id) DO NOTHING"
    )
    at = instant(now)
    return rows.execute(sql, (mail.message_id, QUEUED, json_text(mail), at, at)) == 1


def next_due(rows: Rows) -> datetime | None:
    """Return when the next mail is to be sent."""
    found = rows.select("SELECT MIN(due_at) FROM mail_outbox WHERE state = ?", (QUEUED,))
    return parse_instant(found[0][0]) if found[0][0] is not None else None


def take(rows: Rows, now: datetime) -> Queued | None:
    """Take out the mail that has been due longest."""
    found = rows.select(
        "SELECT message_id, body, attempts FROM mail_outbox WHERE state = ? AND due_at <= ? "
        "ORDER BY due_at, message_id LIMIT 1",
        (QUEUED, instant(now)),
    )
    if not found:
        return None
    message_id, body, attempts = found[0]
    attempt, until = number(attempts) + 1, now + TAKEN
    rows.execute(
        "UPDATE mail_outbox SET attempts = ?, due_at = ? WHERE message_id = ?",
        (attempt, instant(until), message_id),
    )
    return Queued(_mail_decoder.decode(str(body)), attempt, until)


def sent(rows: Rows, queued: Queued) -> None:
    """Forget the content of a mail that was handed over; remember its id."""
    rows.execute(
        "UPDATE mail_outbox SET state = ?, body = '', fault = '' WHERE message_id = ?",
        (SENT, queued.mail.message_id),
    )


def failed(rows: Rows, queued: Queued, fault: str, now: datetime, chance: Chance) -> None:
    """Try a mail again later, or not again where it has been tried often enough."""
    wait = SCHEDULE.after(queued.attempt, chance)
    if wait is None:
        refused(rows, queued, fault)
        return
    rows.execute(
        "UPDATE mail_outbox SET due_at = ?, fault = ? "
        "WHERE message_id = ? AND state = ? AND due_at = ?",
        (
            instant(now + wait),
            fault,
            queued.mail.message_id,
            QUEUED,
            instant(queued.taken_until),
        ),
    )


def refused(rows: Rows, queued: Queued, fault: str) -> None:
    """Do not try a mail again."""
    rows.execute(
        "UPDATE mail_outbox SET state = ?, fault = ? WHERE message_id = ? AND state = ?",
        (DEAD, fault, queued.mail.message_id, QUEUED),
    )


def tidy(rows: Rows, now: datetime) -> None:
    """End mails that have become too old to send, and forget what was kept long enough."""
    rows.execute(
        "UPDATE mail_outbox SET state = ?, fault = CASE WHEN fault = '' THEN ? ELSE fault END "
        "WHERE state = ? AND queued_at <= ?",
        (DEAD, "it could not be sent in time", QUEUED, instant(now - LIFE)),
    )
    rows.execute(
        "DELETE FROM mail_outbox WHERE state <> ? AND queued_at <= ?",
        (QUEUED, instant(now - KEPT)),
    )


def dead_mails(rows: Rows) -> list[DeadMail]:
    """Return the mails that will not be sent, the newest first."""
    found = rows.select(
        "SELECT message_id, attempts, fault, queued_at FROM mail_outbox WHERE state = ? "
        "ORDER BY queued_at DESC, message_id LIMIT 500",
        (DEAD,),
    )
    return [_dead(row) for row in found]


def _dead(row: Row) -> DeadMail:
    message_id, attempts, fault, queued_at = row
    return DeadMail(str(message_id), number(attempts), str(fault), parse_instant(queued_at))


def drop_what_tells_of(rows: Rows, names: Sequence[str], said: Sequence[str]) -> None:
    """Drop the mails, not sent yet or never to be sent, that hold one of these names, not as a part of
    another word, or that quote what was said."""
    quoted = tuple(f": {one}\n" for one in said)
    patterns = [re.compile(rf"(?<!\w){re.escape(word)}(?!\w)") for word in names]
    for message_id, body in rows.select(
        "SELECT message_id, body FROM mail_outbox WHERE body <> ''"
    ):
        mail = msgspec.json.decode(str(body))
        parts = tuple(map(str, mail.values()))
        told = any(one.search(part) for one in patterns for part in parts)
        if told or any(one in part for one in quoted for part in parts):
            rows.execute("DELETE FROM mail_outbox WHERE message_id = ?", (message_id,))
