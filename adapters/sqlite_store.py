"""The `EventStore` port on SQLite: one file, one process that writes. Every write runs under the
pool's writer lock and ``BEGIN IMMEDIATE``; readers see the last commit and never wait."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from uuid import uuid4

from eventsourcing.persistence import PersistenceError

from adapters import log_table, person_keys
from adapters.envelope_mapper import EnvelopeMapper
from adapters.log_head import LogHead
from adapters.person_keys import PersonKeys
from adapters.readable_log import ReadableLog
from adapters.sqlite_bulk import SQLiteBulk
from adapters.sqlite_log import LogDatastore, SQLiteLogRecorder
from adapters.sqlite_postings import SCHEMA, SQLitePostings
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

FAULTS = (sqlite3.Error, PersistenceError)


class SQLiteRows:
    """Rows over one cursor."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        self.executed = 0
        self.postings = SQLitePostings(cursor)
        self.bulk = SQLiteBulk(cursor)

    def execute(self, sql: str, params: Sequence[Value] = ()) -> int:
        """Run a statement; return the number of rows it touched."""
        self.executed += 1
        try:
            return self._cursor.execute(sql, params).rowcount
        except sqlite3.IntegrityError as fault:
            raise RowConflict(str(fault)) from fault
        except sqlite3.OperationalError as fault:
            raise _unavailable(fault) from fault

    def execute_many(self, sql: str, params: Sequence[Sequence[Value]]) -> None:
        """Run a statement once for each set of parameters."""
        self.executed += 1
        try:
            self._cursor.executemany(sql, params)
        except sqlite3.IntegrityError as fault:
            raise RowConflict(str(fault)) from fault
        except sqlite3.OperationalError as fault:
            raise _unavailable(fault) from fault

    def select(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run a query; return all its rows."""
        try:
            return self._cursor.execute(sql, params).fetchall()
        except sqlite3.OperationalError as fault:
            raise _unavailable(fault) from fault


class SQLiteTransaction:
    """One write transaction, with the log's head in hand."""

    def __init__(
        self,
        recorder: SQLiteLogRecorder,
        mapper: EnvelopeMapper,
        cursor: sqlite3.Cursor,
        head: LogHead,
        keys: PersonKeys,
    ) -> None:
        self._recorder = recorder
        self._cursor = cursor
        self._head = head
        self.rows = SQLiteRows(cursor)
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
            self._cursor.execute("ROLLBACK TO job")
            self._cursor.execute("RELEASE job")
            self._head.position, self._head.hash = before, digest
            self.keys.restore(keys)
            raise
        self._cursor.execute("RELEASE job")

    def load(self, stream: StreamId) -> Sequence[Recorded]:
        """Return the stream's events in order."""
        rows = self._cursor.execute(log_table.SELECT_STREAM_RECORDED, (stream,)).fetchall()
        return self._mapper.recorded(rows)

    def append(self, envelopes: Sequence[Envelope]) -> Sequence[Recorded]:
        """Insert the events at the next positions."""
        stored = [self._mapper.to_stored_event(envelope) for envelope in envelopes]
        try:
            positions = self._recorder.append(self._cursor, stored, self._head)
        except sqlite3.IntegrityError as fault:
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
        rows = self._cursor.execute(log_table.SELECT_STREAMS_AFTER, (position,)).fetchall()
        return {StreamId(stream) for (stream,) in rows}

    def events_after(self, position: int, limit: int) -> Sequence[Recorded]:
        """Return up to `limit` events after `position`, this transaction's own included."""
        sql, params = log_table.notifications(position, None, (), limit, inclusive=False)
        rows = self._cursor.execute(sql, params).fetchall()
        return self._mapper.recorded(rows)


class SQLiteStore(ReadableLog):
    """An event store in one SQLite file, or in memory where `path` is None."""

    def __init__(self, path: str | None, master: SigningKeys | None = None) -> None:
        """`master` wraps the keys that seal text about people; without it none is sealed."""
        name = f"file:doorward-{uuid4().hex}?mode=memory&cache=shared" if path is None else path
        self._datastore = LogDatastore(name)
        self._recorder = SQLiteLogRecorder(self._datastore, "event_log")
        super().__init__(master)

    def create(self, statements: Sequence[str]) -> None:
        """Create the log's own tables and run these statements, all or nothing."""
        with (
            self._translated(),
            self._datastore.get_connection(commit=True) as connection,
        ):
            cursor = connection.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            try:
                self._recorder._create_table(cursor)  # noqa: SLF001 - the library's own hook
                for statement in (*SCHEMA, *person_keys.SCHEMA, *statements):
                    cursor.execute(statement)
                connection.commit()
            except BaseException:
                connection.rollback()
                raise

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Open the one write transaction."""
        with self._translated(), ExitStack() as ended, self._recorder.locked() as (cursor, head):
            transaction = SQLiteTransaction(
                self._recorder, self._mapper, cursor.sqlite_cursor, head, self._keys
            )
            ended.push(transaction.keys.ended)
            yield transaction

    @contextmanager
    def read(self) -> Iterator[Rows]:
        """Open a consistent read of all tables."""
        with self._translated(), self._datastore.transaction(commit=False) as cursor:
            yield SQLiteRows(cursor.sqlite_cursor)

    def head(self) -> int:
        """Return the position of the newest committed event; 0 if none."""
        with self._translated():
            return self._recorder.max_notification_id()

    def scrub(self) -> None:
        """Empty the write-ahead log, which holds pages as they were; `secure_delete` does the rest."""
        with self._translated(), self._datastore.get_connection(commit=False) as connection:
            cursor = connection.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy, *_ = cursor.fetchone()
        if busy:
            raise Unavailable("SQLite: a long read keeps the write-ahead log from being emptied")

    def close(self) -> None:
        """Release every connection."""
        self._datastore.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except FAULTS as fault:
            raise _unavailable(fault) from fault


class TemporaryStore(SQLiteStore):
    """A store in a file of its own, for more than should be in memory. It goes when it is closed."""

    def __init__(self) -> None:
        """Seal nothing."""
        self._folder = TemporaryDirectory(prefix="doorward-")
        super().__init__(f"{self._folder.name}/scratch.db")

    def close(self) -> None:
        """Release every connection, and remove the file."""
        super().close()
        self._folder.cleanup()


def _unavailable(fault: Exception) -> Unavailable:
    return Unavailable(f"SQLite: {fault}")
