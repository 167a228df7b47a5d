"""The log as it stood at a past position, as it is asked for by whoever looks back: what is to be found
without decoding comes first, so that of a long log only what matters is ever read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from domain.envelope import Recorded
from domain.values import StreamId


class Placed(NamedTuple):
    """Where an event stands, and its topic."""

    position: int
    stream: StreamId
    topic: str


class History(Protocol):
    """The committed log, looked through from outside. What is in an event stays undecoded until it is
    asked for by its position."""

    def moments(self, after: int, limit: int) -> Sequence[tuple[int, datetime]]:
        """Return positions behind `after`, up to `limit` of them in order, and when each event was
        recorded."""

    def placed(
        self, after: int, until: int, topics: Collection[str], limit: int
    ) -> Sequence[Placed]:
        """Return up to `limit` events of these topics behind `after` and up to `until`, in order."""

    def at(self, positions: Collection[int]) -> Sequence[Recorded]:
        """Return the events at these positions, in the order of the log."""
