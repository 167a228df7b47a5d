"""The `EventStore` port on SQLite: one file, one process that writes. Every write runs under the
pool's writer lock and ``BEGIN IMMEDIATE``; readers see the last commit and never wait."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import cast
from uuid import uuid4

from eventsourcing.persistence import PersistenceError

from adapters import log_table, person_keys
from adapters.envelope_mapper import EnvelopeMapper
from adapters.log_head import LogHead
from adapters.log_transaction import LogTransaction
from adapters.pending_writes import PendingWrites
from adapters.person_keys import PersonKeys
from adapters.readable_log import ReadableLog
from adapters.sqlite_bulk import SQLiteBulk
from adapters.sqlite_log import LogDatastore, SQLiteLogRecorder, shaped
from adapters.sqlite_postings import SCHEMA, SQLitePostings
from adapters.sqlite_readers import Reading
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

FAULTS = (sqlite3.Error, PersistenceError)


class SQLiteRows:
    """Rows over one cursor."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        self._postings = SQLitePostings(cursor)
        self._bulk = SQLiteBulk(cursor)
        self.executed = 0
        self.pending = PendingWrites(cursor.executemany)

    @property
    def postings(self) -> SQLitePostings:
        """The inverted index beside the tables."""
        self.settle()
        self.executed += 1
        return self._postings

    @property
    def bulk(self) -> SQLiteBulk:
        """The tables as a whole."""
        self.settle()
        self.executed += 1
        return self._bulk

    def execute(self, sql: str, params: Sequence[Value] = ()) -> int:
        """Run a statement; return the number of rows it touched."""
        self.executed += 1
        try:
            self.pending.before(sql)
            return self._cursor.execute(shaped(sql), params).rowcount
        except sqlite3.Error as fault:
            raise _named(fault) from fault

    def execute_many(self, sql: str, params: Sequence[Sequence[Value]]) -> None:
        """Run a statement once for each set of parameters, sooner or later."""
        if params:
            self.executed += 1
            try:
                self.pending.add(sql, params)
            except sqlite3.Error as fault:
                raise _named(fault) from fault

    def select(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run a query; return all its rows."""
        try:
            self.pending.before(sql)
            return self._cursor.execute(sql, params).fetchall()
        except sqlite3.Error as fault:
            raise _named(fault) from fault

    def select_now(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run a query that what waits does not concern."""
        try:
            return self._cursor.execute(sql, params).fetchall()
        except sqlite3.Error as fault:
            raise _named(fault) from fault

    def settle(self) -> None:
        """Do what waits to be done."""
        try:
            self.pending.settle()
        except sqlite3.Error as fault:
            raise _named(fault) from fault


def _named(fault: sqlite3.Error) -> Exception:
    """Return what the port calls this fault. Writes may come late, so the message tells what they were about."""
    if isinstance(fault, sqlite3.IntegrityError):
        text = str(fault)
        return StreamMoved(text) if "event_log." in text else RowConflict(text)
    return _unavailable(fault) if isinstance(fault, sqlite3.OperationalError) else fault


class SQLiteTransaction(LogTransaction):
    """One write transaction."""

    def __init__(
        self, cursor: sqlite3.Cursor, head: LogHead, mapper: EnvelopeMapper, keys: PersonKeys
    ) -> None:
        self._cursor = cursor
        newest: int = cursor.execute(person_keys.NEWEST).fetchone()[0]
        super().__init__(SQLiteRows(cursor), head, mapper, keys, newest)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo everything done inside if the block raises, or if what it left to be done cannot be."""
        self._rows.settle()
        before, digest, keys = self._head.position, self._head.hash, self.keys.mark()
        self._cursor.execute("SAVEPOINT job")
        try:
            yield
            self._rows.settle()
        except BaseException:
            self._rows.pending.drop()
            self._cursor.execute("ROLLBACK TO job")
            self._cursor.execute("RELEASE job")
            self._head.position, self._head.hash = before, digest
            self.keys.restore(keys)
            raise
        self._cursor.execute("RELEASE job")


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
                    cursor.execute(shaped(statement))
                connection.commit()
            except BaseException:
                connection.rollback()
                raise

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Open the one write transaction."""
        with self._translated(), ExitStack() as ended, self._recorder.locked() as (cursor, head):
            transaction = SQLiteTransaction(cursor.sqlite_cursor, head, self._mapper, self._keys)
            ended.push(transaction.keys.ended)
            yield transaction
            transaction.settle()

    def read(self) -> AbstractContextManager[Rows]:
        """Open a consistent read of all tables."""
        readers = self._datastore.readers
        return self._in_turn() if readers is None else Reading(readers, SQLiteRows, _outage)

    @contextmanager
    def _in_turn(self) -> Iterator[Rows]:
        with self._translated(), self._datastore.transaction(commit=False) as cursor:
            yield SQLiteRows(cursor.sqlite_cursor)

    def head(self) -> int:
        """Return the position of the newest committed event; 0 if none."""
        with self.read() as rows:
            return cast("int", rows.select(log_table.SELECT_POSITION)[0][0])

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


def _outage(fault: Exception) -> Unavailable | None:
    return _unavailable(fault) if isinstance(fault, FAULTS) else None


def _unavailable(fault: Exception) -> Unavailable:
    return Unavailable(f"SQLite: {fault}")
