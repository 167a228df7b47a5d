"""Checkpoints in the database: each as it was signed, its time stamp, and how far it has got. They are here for
whoever asks, and to be sent again after an outage; what proves anything is what is kept elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from domain.checkpoint import Checkpoint, Witnessed, parse_checkpoint
from domain.ports import Row, Rows
from projections.columns import instant, maybe_text, number
from server.audit.checkpoints.notes import BadNote, parse_note

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS checkpoint ("
    "number BIGINT PRIMARY KEY, position BIGINT NOT NULL, at TEXT NOT NULL, note TEXT NOT NULL, "
    "stamp TEXT, in_stream BIGINT NOT NULL, in_file BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS checkpoint_key (verifier TEXT PRIMARY KEY, since TEXT NOT NULL)",
)
COLUMNS = "number, note, stamp, in_stream, in_file"
MOST = 2**62
TAMPERED = "the table of checkpoints does not hold what was written there"


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint as the database keeps it, and where else it has arrived."""

    number: int
    witnessed: Witnessed
    in_stream: bool
    in_file: bool

    @property
    def checkpoint(self) -> Checkpoint:
        """What it says."""
        return parse_checkpoint(parse_note(self.witnessed.note).text)


def keep(rows: Rows, checkpoint: Checkpoint, note: str, verifier: str) -> None:
    """Store a new checkpoint, and that this key signs."""
    at = instant(checkpoint.at)
    rows.execute(
        "INSERT INTO checkpoint (number, position, at, note, stamp, in_stream, in_file) "
        "VALUES (?, ?, ?, ?, NULL, 0, 0)",
        (_next_number(rows), checkpoint.position, at, note),
    )
    rows.execute(
        "INSERT INTO checkpoint_key (verifier, since) VALUES (?, ?) "
        "ON CONFLICT (verifier) DO NOTHING",
        (verifier, at),
    )


def kept(rows: Rows) -> list[Kept]:
    """Return all checkpoints in order; raises `BadNote`, as all that read them do."""
    found = rows.select(f"SELECT {COLUMNS} FROM checkpoint ORDER BY number")
    return [_kept(row) for row in found]


def latest(rows: Rows, skip: int, count: int) -> tuple[int, list[Kept]]:
    """Return how many checkpoints there are, and some of them behind the `skip` newest."""
    total = number(rows.select("SELECT COUNT(*) FROM checkpoint")[0][0])
    found = rows.select(
        f"SELECT {COLUMNS} FROM checkpoint ORDER BY number DESC LIMIT ? OFFSET ?", (count, skip)
    )
    return total, [_kept(row) for row in found]


def undelivered(rows: Rows, *, stream: bool, file: bool, stamp: bool) -> list[Kept]:
    """Return those that have not arrived in the stream or the file, or are not stamped, of what is
    asked for."""
    lacking = " OR ".join(
        clause
        for clause, wanted in (
            ("in_stream = 0", stream),
            ("in_file = 0", file),
            ("stamp IS NULL", stamp),
        )
        if wanted
    )
    if not lacking:
        return []
    found = rows.select(f"SELECT {COLUMNS} FROM checkpoint WHERE {lacking} ORDER BY number")
    return [_kept(row) for row in found]


def newest(rows: Rows) -> Kept | None:
    """Return the last checkpoint, None if there is none."""
    found = rows.select(f"SELECT {COLUMNS} FROM checkpoint ORDER BY number DESC LIMIT 1")
    return _kept(found[0]) if found else None


def keys_used(rows: Rows) -> list[str]:
    """Return the verifier keys that have signed here, in order."""
    found = rows.select("SELECT verifier FROM checkpoint_key ORDER BY since, verifier")
    return [str(one) for (one,) in found]


def arrived(rows: Rows, number_: int, *, place: str) -> None:
    """Note that a checkpoint is in the ``stream`` or in the ``file``."""
    column = {"stream": "in_stream", "file": "in_file"}[place]
    rows.execute(f"UPDATE checkpoint SET {column} = 1 WHERE number = ?", (number_,))


def stamped(rows: Rows, number_: int, witnessed: Witnessed) -> None:
    """Note what the time-stamp authority replied."""
    rows.execute("UPDATE checkpoint SET stamp = ? WHERE number = ?", (witnessed.stamp, number_))


def _next_number(rows: Rows) -> int:
    newest_ = rows.select("SELECT COALESCE(MAX(number), 0) FROM checkpoint")[0][0]
    if not isinstance(newest_, int) or newest_ >= MOST:
        raise BadNote(TAMPERED)
    return newest_ + 1


def _kept(row: Row) -> Kept:
    at, note, stamp, in_stream, in_file = row
    try:
        witnessed = Witnessed.with_stamp(str(note), maybe_text(stamp))
        return Kept(number(at), witnessed, bool(in_stream), bool(in_file))
    except (ValueError, TypeError):
        raise BadNote(TAMPERED) from None
