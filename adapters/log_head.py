"""The newest event's place in the log, while the log is locked for writing: each event that is appended
takes the next position and the next hash of the chain."""

from __future__ import annotations

from dataclasses import dataclass

from eventsourcing.persistence import StoredEvent

from domain.chain import Link, linked


@dataclass(slots=True)
class LogHead:
    """The newest event's position and hash."""

    position: int
    hash: bytes

    def advance(self, stored: StoredEvent) -> Link:
        """Give the event the next position and hash; return its row of the log table."""
        stream, version = str(stored.originator_id), stored.originator_version
        self.position += 1
        self.hash = linked(self.hash, self.position, stream, version, stored.topic, stored.state)
        return self.position, stream, version, stored.topic, stored.state, self.hash
