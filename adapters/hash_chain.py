"""The hash chain over the log: each event's hash covers its stored bytes, its place and the hash
before it, so that no event can change, vanish or move without every later hash changing too. A
bare chain does not stop an owner of the whole database from computing it anew: for that,
checkpoints must stand elsewhere (issue 6)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from eventsourcing.persistence import StoredEvent

GENESIS = bytes(32)
"""What stands before the first event."""


def link(previous: bytes, position: int, stored: StoredEvent) -> bytes:
    """Return the SHA-256 of a stored event at its position, after the event hashed `previous`.

    No text in the head holds a NUL, so it is unambiguous; the state comes last.
    """
    head = (
        f"{position}\0{stored.originator_id}\0{stored.originator_version}\0{stored.topic}\0"
    ).encode()
    return sha256(b"".join((previous, head, stored.state))).digest()


@dataclass(slots=True)
class LogHead:
    """The newest event's position and hash, while the log is locked for writing."""

    position: int
    hash: bytes

    def advance(self, stored: StoredEvent) -> tuple[int, str, int, str, bytes, bytes]:
        """Give the event the next position and hash; return its row of the log table."""
        self.position += 1
        self.hash = link(self.hash, self.position, stored)
        return (
            self.position,
            str(stored.originator_id),
            stored.originator_version,
            stored.topic,
            stored.state,
            self.hash,
        )
