"""The `History` port over either store's rows. It lives on the index of positions and on reading the log
from end to end, which takes about a second a million events. An index over topics would answer five times
as fast, a few questions a year, and make every insert half as dear again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import cast

import msgspec

from adapters.envelope_mapper import EnvelopeMapper
from adapters.event_codec import Undecodable
from adapters.log_table import COLUMNS
from adapters.person_keys import PersonKeys
from domain.envelope import Recorded
from domain.history import Placed
from domain.ports import Rows
from domain.values import StreamId

AT_ONCE = 500
"""Positions in one statement."""

_MOMENTS = (
    "SELECT position, topic, state FROM event_log WHERE position > ? ORDER BY position LIMIT ?"
)
_PLACED = (
    "SELECT position, originator_id, topic FROM event_log WHERE position > ? AND position <= ? "
    "AND topic IN ({}) ORDER BY position LIMIT ?"
)
_AT = f"SELECT position, {COLUMNS} FROM event_log WHERE position IN ({{}}) ORDER BY position"


class _Timed(msgspec.Struct):
    """The one field of a stored event that tells when it was recorded."""

    at: datetime


_timed = msgspec.json.Decoder(_Timed)


class LogHistory:
    """Looks through the log of one store."""

    def __init__(
        self,
        look: Callable[[], AbstractContextManager[Rows]],
        keys: PersonKeys,
        mapper: EnvelopeMapper,
    ) -> None:
        """`look` opens a read of the store; `keys` open what `mapper` decodes."""
        self._look = look
        self._keys = keys
        self._mapper = mapper

    def moments(self, after: int, limit: int) -> Sequence[tuple[int, datetime]]:
        """Return positions behind `after` and when each event was recorded."""
        with self._look() as rows:
            found = rows.select(_MOMENTS, (after, limit))
        return [
            (cast("int", position), _moment(str(topic), cast("bytes", state)))
            for position, topic, state in found
        ]

    def placed(
        self, after: int, until: int, topics: Collection[str], limit: int
    ) -> Sequence[Placed]:
        """Return events of these topics behind `after` and up to `until`."""
        if not topics:
            return []
        sql = _PLACED.format(_marks(len(topics)))
        with self._look() as rows:
            found = rows.select(sql, (after, until, *topics, limit))
        return [
            Placed(cast("int", position), StreamId(cast("str", stream)), cast("str", topic))
            for position, stream, topic in found
        ]

    def at(self, positions: Collection[int]) -> Sequence[Recorded]:
        """Return the events at these positions."""
        recorded: list[Recorded] = []
        for part in _parts(sorted(set(positions))):
            with self._look() as rows:
                self._keys.notice(rows)
                found = rows.select(_AT.format(_marks(len(part))), part)
            recorded += self._mapper.recorded(found)
        return recorded


def _moment(topic: str, state: bytes) -> datetime:
    try:
        return _timed.decode(state).at
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise Undecodable(f"{topic}: {fault}") from fault


def _parts(positions: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(positions), AT_ONCE):
        yield positions[start : start + AT_ONCE]


def _marks(count: int) -> str:
    return ", ".join("?" * count)
