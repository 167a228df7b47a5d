"""A write transaction as both stores have it: the log's head in hand, and everything else through the rows. What it
appends waits with their other writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from adapters import log_table
from adapters.envelope_mapper import EnvelopeMapper
from adapters.log_head import LogHead
from adapters.pending_writes import PendingWrites
from adapters.person_keys import PersonKeys
from domain.envelope import Envelope, Recorded
from domain.ports import Row, Rows, Value
from domain.values import PersonId, StreamId


class TransactionRows(Rows, Protocol):
    """Rows of which some writes wait."""

    executed: int
    pending: PendingWrites

    def select_now(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run a query that what waits does not concern."""

    def settle(self) -> None:
        """Do what waits to be done."""


class LogTransaction:
    """One write transaction. `forgotten_before` is the number of the last person who is forgotten."""

    def __init__(
        self,
        rows: TransactionRows,
        head: LogHead,
        mapper: EnvelopeMapper,
        keys: PersonKeys,
        forgotten_before: int,
    ) -> None:
        self._rows = rows
        self._head = head
        self._appended: set[StreamId] = set()
        self._person_keys = keys
        self.keys = keys.begin(rows, forgotten_before)
        self._mapper = mapper.sealing(self.keys)

    @property
    def rows(self) -> Rows:
        """The tables, inside this transaction."""
        return self._rows

    @property
    def head(self) -> int:
        """Position of the newest event, this transaction's own included."""
        return self._head.position

    @property
    def touched(self) -> int:
        """A number that grows with every statement that may change something."""
        return self._head.position + self._rows.executed

    @property
    def forgotten(self) -> int:
        """A number that has grown with every person who was forgotten before."""
        return self._person_keys.seen

    def load(self, stream: StreamId) -> Sequence[Recorded]:
        """Return the stream's events in order."""
        if stream in self._appended:
            self._rows.settle()
        # What waits for the log besides is of other streams.
        found = self._rows.select_now(log_table.SELECT_STREAM_RECORDED, (stream,))
        return self._mapper.recorded(found)

    def append(self, envelopes: Sequence[Envelope]) -> Sequence[Recorded]:
        """Give the events the next positions; that a version is taken shows when they are inserted."""
        stored = [self._mapper.to_stored_event(envelope) for envelope in envelopes]
        links = [self._head.advance(one) for one in stored]
        self._appended.update(envelope.stream for envelope in envelopes)
        self._rows.execute_many(log_table.INSERT_EVENT, links)
        if self.keys.redacted:
            # What was not stored is not shown either.
            envelopes = [self._mapper.envelope(one) for one in stored]
        return [Recorded(link[0], one) for link, one in zip(links, envelopes, strict=True)]

    def forget(self, person: PersonId) -> None:
        """Destroy the key that seals text about this person, for ever."""
        self.keys.destroy(person)

    def rewrap_keys(self) -> int:
        """Wrap every person's key by the newest master key."""
        return self._person_keys.rewrap(self._rows)

    def streams_after(self, position: int) -> set[StreamId]:
        """Return the streams that have an event after `position`."""
        rows = self._rows.select(log_table.SELECT_STREAMS_AFTER, (position,))
        return {StreamId(str(stream)) for (stream,) in rows}

    def events_after(self, position: int, limit: int) -> Sequence[Recorded]:
        """Return up to `limit` events after `position`, this transaction's own included."""
        sql, params = log_table.notifications(position, None, (), limit, inclusive=False)
        return self._mapper.recorded(self._rows.select(sql, params))

    def settle(self) -> None:
        """Do what waits to be done."""
        self._rows.settle()
