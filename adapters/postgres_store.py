"""The `EventStore` port on PostgreSQL: many processes write, ordered by the lock of the log's head
row; readers see a consistent snapshot of the last commit and never wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import psycopg
from eventsourcing.persistence import PersistenceError

from adapters import log_table, person_keys
from adapters.envelope_mapper import EnvelopeMapper
from adapters.log_head import LogHead
from adapters.person_keys import PersonKeys
from adapters.postgres_bulk import PostgresBulk
from adapters.postgres_log import (
    LogDatastore,
    PgCursor,
    PostgresLogRecorder,
    at_once,
    run,
)
from adapters.postgres_postings import SCHEMA, PostgresPostings
from adapters.readable_log import ReadableLog
from domain.envelope import Envelope, Recorded
from domain.ports import (
    Row,
    RowConflict,
    Rows,
    SigningKeys,
    StreamMoved,
    Transaction,
    Unavailable,
    Value,
)
from domain.values import PersonId, StreamId


class PostgresRows:
    """Rows over one cursor."""

    def __init__(self, cursor: PgCursor) -> None:
        self._cursor = cursor
        self.executed = 0
        self.postings = PostgresPostings(cursor)
        self.bulk = PostgresBulk(cursor)

    def execute(self, sql: str, params: Sequence[Value] = ()) -> int:
        """Run a statement; return the number of rows it touched."""
        self.executed += 1
        try:
            return run(self._cursor, sql, params).rowcount
        except psycopg.IntegrityError as fault:
            raise RowConflict(str(fault)) from fault
        except psycopg.OperationalError as fault:
            raise _unavailable(fault) from fault

    def execute_many(self, sql: str, params: Sequence[Sequence[Value]]) -> None:
        """Run a statement once for each set of parameters."""
        self.executed += 1
        try:
            for statement, given in at_once(sql, params):
                run(self._cursor, statement, given)
        except psycopg.IntegrityError as fault:
            raise RowConflict(str(fault)) from fault
        except psycopg.OperationalError as fault:
            raise _unavailable(fault) from fault

    def select(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run a query; return all its rows."""
        try:
            return run(self._cursor, sql, params).fetchall()
        except psycopg.OperationalError as fault:
            raise _unavailable(fault) from fault


class PostgresTransaction:
    """One write transaction, with the log's head in hand."""

    def __init__(
        self,
        recorder: PostgresLogRecorder,
        mapper: EnvelopeMapper,
        cursor: PgCursor,
        head: LogHead,
        keys: PersonKeys,
    ) -> None:
        self._recorder = recorder
        self._cursor = cursor
        self._head = head
        self.rows = PostgresRows(cursor)
        self._person_keys = keys
        self.keys = keys.begin(self.rows)
        self._mapper = mapper.sealing(self.keys)

    @property
    def head(self) -> int:
        """Position of the newest event, this transaction's own included."""
        return self._head.position

    @property
    def touched(self) -> int:
        """A number that grows with every statement that may change something."""
        return self._head.position + self.rows.executed

    @property
    def forgotten(self) -> int:
        """A number that has grown with every person who was forgotten before."""
        return self._person_keys.seen

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo everything done inside if the block raises."""
        before, digest, keys = self._head.position, self._head.hash, self.keys.mark()
        self._cursor.execute("SAVEPOINT job")
        try:
            yield
        except BaseException:
            self._cursor.execute("ROLLBACK TO SAVEPOINT job")
            self._cursor.execute("RELEASE SAVEPOINT job")
            self._head.position, self._head.hash = before, digest
            self.keys.restore(keys)
            raise
        self._cursor.execute("RELEASE SAVEPOINT job")

    def load(self, stream: StreamId) -> Sequence[Recorded]:
        """Return the stream's events in order."""
        rows = run(self._cursor, log_table.SELECT_STREAM_RECORDED, (stream,)).fetchall()
        return self._mapper.recorded(rows)

    def append(self, envelopes: Sequence[Envelope]) -> Sequence[Recorded]:
        """Insert the events at the next positions."""
        stored = [self._mapper.to_stored_event(envelope) for envelope in envelopes]
        try:
            positions = self._recorder.append(self._cursor, stored, self._head)
        except psycopg.IntegrityError as fault:
            raise StreamMoved(envelopes[0].stream) from fault
        if self.keys.redacted:
            # What was not stored is not shown either.
            envelopes = [self._mapper.envelope(one) for one in stored]
        return [Recorded(*pair) for pair in zip(positions, envelopes, strict=True)]

    def forget(self, person: PersonId) -> None:
        """Destroy the key that seals text about this person, for ever."""
        self.keys.destroy(person)

    def rewrap_keys(self) -> int:
        """Wrap every person's key by the newest master key."""
        return self._person_keys.rewrap(self.rows)

    def streams_after(self, position: int) -> set[StreamId]:
        """Return the streams that have an event after `position`."""
        rows = run(self._cursor, log_table.SELECT_STREAMS_AFTER, (position,)).fetchall()
        return {StreamId(stream) for (stream,) in rows}

    def events_after(self, position: int, limit: int) -> Sequence[Recorded]:
        """Return up to `limit` events after `position`, this transaction's own included."""
        sql, params = log_table.notifications(position, None, (), limit, inclusive=False)
        rows = run(self._cursor, sql, params).fetchall()
        return self._mapper.recorded(rows)


class PostgresStore(ReadableLog):
    """An event store in one PostgreSQL database, connected by its URL."""

    def __init__(self, url: str, master: SigningKeys | None = None) -> None:
        """`master` wraps the keys that seal text about people; without it none is sealed."""
        self._url = url
        self._datastore = LogDatastore(url)
        self._recorder = PostgresLogRecorder(self._datastore)
        super().__init__(master)

    def create(self, statements: Sequence[str]) -> None:
        """Create the log's own tables and run these statements, all or nothing."""
        with self._translated(), self._recorder.transaction(commit=True) as cursor:
            self._recorder.create_tables(cursor)
            for statement in (*SCHEMA, *person_keys.SCHEMA, *statements):
                run(cursor, statement)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Open a write transaction, the one of all processes' that holds the log's lock."""
        with self._translated(), ExitStack() as ended, self._recorder.locked() as (cursor, head):
            transaction = PostgresTransaction(
                self._recorder, self._mapper, cursor, head, self._keys
            )
            ended.push(transaction.keys.ended)
            yield transaction

    @contextmanager
    def read(self) -> Iterator[Rows]:
        """Open a consistent read of all tables."""
        with self._translated(), self._recorder.transaction(commit=False) as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield PostgresRows(cursor)

    def head(self) -> int:
        """Return the position of the newest committed event; 0 if none."""
        with self._translated():
            return self._recorder.max_notification_id()

    def scrub(self) -> None:
        """Let the space of deleted rows be used anew. What PostgreSQL keeps beside, its own log and
        its copies, is its administrator's to forget."""
        with self._translated(), psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("VACUUM")

    def close(self) -> None:
        """Release every connection."""
        self._datastore.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (psycopg.Error, PersistenceError) as fault:
            raise _unavailable(fault) from fault


def _unavailable(fault: Exception) -> Unavailable:
    return Unavailable(f"PostgreSQL: {fault}")
