"""What the database knows of publishing, so that every process can tell it: `publisher_hint`, the last pair of
log position and stream sequence, and `publisher_halt`, why the publisher waits for a person while it does. An
operator's word goes the same way: he may give it to any process, and the publisher, wherever it runs, finds
the halt gone."""

from __future__ import annotations

from dataclasses import dataclass

from domain.duties import Fence
from domain.ports import EventStore, PublisherState, PublisherStatus

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS publisher_hint ("
    "stream TEXT PRIMARY KEY, position BIGINT NOT NULL, sequence BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS publisher_halt (stream TEXT PRIMARY KEY, reason TEXT NOT NULL)",
)


@dataclass(frozen=True, slots=True)
class PublisherRows:
    """The rows of one stream. Every method blocks; those with a fence write only in its name."""

    store: EventStore
    stream: str

    def hint(self) -> tuple[int, int] | None:
        """Return the position and sequence that were remembered last."""
        with self.store.read() as rows:
            found = rows.select(
                "SELECT position, sequence FROM publisher_hint WHERE stream = ?", (self.stream,)
            )
        return (int(str(found[0][0])), int(str(found[0][1]))) if found else None

    def remember(self, position: int, sequence: int, fence: Fence) -> None:
        """Remember where publishing stands."""
        with self.store.write() as transaction:
            fence(transaction.rows)
            transaction.rows.execute(
                "INSERT INTO publisher_hint (stream, position, sequence) VALUES (?, ?, ?) "
                "ON CONFLICT (stream) DO UPDATE SET position = excluded.position, "
                "sequence = excluded.sequence",
                (self.stream, position, sequence),
            )

    def halt(self, reason: str, fence: Fence) -> None:
        """Say that publishing waits for a person."""
        with self.store.write() as transaction:
            fence(transaction.rows)
            transaction.rows.execute(
                "INSERT INTO publisher_halt (stream, reason) VALUES (?, ?) "
                "ON CONFLICT (stream) DO UPDATE SET reason = excluded.reason",
                (self.stream, reason),
            )

    def go_on(self, fence: Fence) -> None:
        """Say that publishing waits no more, if it did."""
        if not self.halted():
            return
        with self.store.write() as transaction:
            fence(transaction.rows)
            transaction.rows.execute("DELETE FROM publisher_halt WHERE stream = ?", (self.stream,))

    def halted(self) -> str:
        """Return why publishing waits for a person; empty if it does not."""
        with self.store.read() as rows:
            found = rows.select(
                "SELECT reason FROM publisher_halt WHERE stream = ?", (self.stream,)
            )
        return str(found[0][0]) if found else ""

    def resume(self, *, replay: bool) -> None:
        """Take a person's word that publishing goes on, into an empty stream: with all events, or with
        those that were never published."""
        position = "0" if replay else "position"
        with self.store.write() as transaction:
            transaction.rows.execute(
                f"UPDATE publisher_hint SET position = {position}, sequence = 0 WHERE stream = ?",
                (self.stream,),
            )
            transaction.rows.execute("DELETE FROM publisher_halt WHERE stream = ?", (self.stream,))

    def observed(self) -> PublisherStatus:
        """Return where publishing stands, as far as a process can tell that does not publish."""
        position, sequence = self.hint() or (0, 0)
        reason = self.halted()
        state = PublisherState.HALTED if reason else PublisherState.ELSEWHERE
        return PublisherStatus(state, position, sequence, reason)
