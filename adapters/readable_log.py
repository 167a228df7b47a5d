"""The committed log as both stores read it: what a read of the tables finds, decoded once that read is over, with
text about people opened by their keys."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import cast

from adapters import log_table
from adapters.envelope_mapper import EnvelopeMapper
from adapters.log_history import LogHistory
from adapters.person_keys import PersonKeys
from domain.chain import Link
from domain.envelope import Recorded
from domain.ports import Rows, SigningKeys, Unavailable, Value
from domain.values import REDACTED, PersonId, StreamId


class ReadableLog(ABC):
    """What is read of a store's log. `history` is the log as it stood at past positions."""

    def __init__(self, master: SigningKeys | None) -> None:
        """`master` wraps the keys that seal text about people; without it none is sealed."""
        self._keys = PersonKeys(master, self.read)
        self._mapper = EnvelopeMapper.opening(self._keys)
        self.history = LogHistory(self.read, self._keys, self._mapper)

    @abstractmethod
    def read(self) -> AbstractContextManager[Rows]:
        """Open a consistent read of all tables."""

    def events_after(self, position: int, limit: int) -> Sequence[Recorded]:
        """Return up to `limit` committed events after `position`, in order."""
        sql, params = log_table.notifications(position, None, (), limit, inclusive=False)
        return self._recorded(sql, params)

    def links_after(self, position: int, limit: int) -> Sequence[Link]:
        """Return up to `limit` committed events after `position` as they are stored, in order."""
        with self.read() as rows:
            found = rows.select(log_table.SELECT_LINKS, (position, limit))
        return cast("Sequence[Link]", found)

    def chain_head(self) -> tuple[int, bytes]:
        """Return where the log says that it ends: position and hash."""
        with self.read() as rows:
            found = rows.select(log_table.SELECT_HEAD)
        if not found or not isinstance(found[0][0], int):
            raise Unavailable("the log does not say where it ends")
        return cast("tuple[int, bytes]", found[0])

    def stream(self, stream: StreamId) -> Sequence[Recorded]:
        """Return the committed events of one stream, in order."""
        return self._recorded(log_table.SELECT_STREAM_RECORDED, (stream,))

    def open_text(self, person: PersonId, sealed: str) -> str | None:
        """Return text of this person as the log has it sealed, None where it is gone."""
        with self.read() as rows:
            self._keys.notice(rows)
        opened = self._keys.opened(person, sealed=sealed)
        return None if opened.text == REDACTED else opened.text

    def _recorded(self, sql: str, params: Sequence[Value]) -> Sequence[Recorded]:
        with self.read() as rows:
            self._keys.notice(rows)
            found = rows.select(sql, params)
        return self._mapper.recorded(found)
