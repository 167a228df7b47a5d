"""A checkpoint: where the log's chain stood at some time, said in words that can be signed and kept where the
owner of the database cannot change them. Its text is the body of a signed note (C2SP signed-note and
tlog-checkpoint): the log's name, a position, the hash there, and lines of our own after that."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

HASH_BYTES = 32
_BODY = re.compile(
    r"(?P<origin>[!-~]{1,200})\n(?P<position>[1-9][0-9]{0,17})\n(?P<hash>[A-Za-z0-9+/=]{44})\n"
    r"time (?P<at>[0-9T:.+Z-]{20,40})\n(?:next (?P<successor>[!-~]{1,400})\n)?"
)


class NotACheckpoint(ValueError):  # noqa: N818 - says what it is
    """The text is not what a checkpoint says."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The chain of the log called `origin` had this hash at this position, at this time. `successor` is the
    verifier key that signs from now on, where the keys change."""

    origin: str
    position: int
    hash: bytes
    at: datetime
    successor: str | None = None

    @property
    def text(self) -> str:
        """The words that are signed."""
        at = self.at.isoformat().replace("+00:00", "Z")
        lines = [self.origin, str(self.position), b64encode(self.hash).decode(), f"time {at}"]
        if self.successor is not None:
            lines.append(f"next {self.successor}")
        return "".join(f"{line}\n" for line in lines)


def parse_checkpoint(text: str) -> Checkpoint:
    """Return what a signed text says; raises `NotACheckpoint`."""
    found = _BODY.fullmatch(text)
    if found is None:
        raise NotACheckpoint("this is not the text of a checkpoint")
    try:
        digest, at = b64decode(found["hash"], validate=True), datetime.fromisoformat(found["at"])
    except ValueError:
        raise NotACheckpoint("its hash or its time is malformed") from None
    if len(digest) != HASH_BYTES or at.tzinfo is None:
        raise NotACheckpoint("its hash or its time is malformed")
    return Checkpoint(found["origin"], int(found["position"]), digest, at, found["successor"])


def origin_of(tenant: str) -> str:
    """Return the name of a tenant's log."""
    return f"doorward/{tenant}"


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A signed checkpoint as it is kept: the whole note, and the reply of a time-stamp authority (RFC 3161,
    DER) over its bytes, where one was asked."""

    note: str
    timestamp: bytes | None = None

    @property
    def stamp(self) -> str | None:
        """The time stamp in base64, as it is written beside the note."""
        return None if self.timestamp is None else b64encode(self.timestamp).decode()

    @classmethod
    def with_stamp(cls, note: str, stamp: str | None) -> Witnessed:
        """Return a checkpoint of what was written; raises `ValueError` if the stamp is not base64."""
        return cls(note, None if stamp is None else b64decode(stamp, validate=True))


class Unwitnessed(Exception):  # noqa: N818 - says what happened
    """A place outside did not take a checkpoint, or does not tell; the message says why."""


class CheckpointStream(Protocol):
    """Keeps checkpoints outside, where none can be taken back."""

    async def put(self, position: int, witnessed: Witnessed) -> None:
        """Keep one; the same one twice is kept once. Raises `Unwitnessed`."""

    async def read(self) -> Sequence[Witnessed]:
        """Return all that are kept, in order; raises `Unwitnessed`."""


class TimestampAuthority(Protocol):
    """Says when something was there already (RFC 3161)."""

    async def stamp(self, content: bytes) -> bytes:
        """Return the authority's reply over the content, in DER; raises `Unwitnessed`."""
