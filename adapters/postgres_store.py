"""The `EventStore` port on PostgreSQL: many processes write, ordered by the lock of the log's head
row; readers see a consistent snapshot of the last commit and never wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import psycopg
from eventsourcing.persistence import PersistenceError

from adapters import log_table, person_keys
from adapters.envelope_mapper import EnvelopeMapper
from adapters.log_transaction import LogTransaction
from adapters.person_keys import PersonKeys
from adapters.postgres_log import LockedLog, LogDatastore, PostgresLogRecorder
from adapters.postgres_postings import SCHEMA
from adapters.postgres_rows import PostgresRows, translated, unavailable
from adapters.postgres_statements import run
from adapters.readable_log import ReadableLog
from domain.ports import (
    Rows,
    SigningKeys,
    Transaction,
)


class PostgresTransaction(LogTransaction):
    """One write transaction."""

    def __init__(
        self,
        mapper: EnvelopeMapper,
        log: LockedLog,
        keys: PersonKeys,
    ) -> None:
        self._cursor = log.cursor
        self._log = log
        self._written = PostgresRows(log.cursor)
        super().__init__(self._written, log.head, mapper, keys, log.forgotten)

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
            self._cursor.execute("ROLLBACK TO SAVEPOINT job")
            self._cursor.execute("RELEASE SAVEPOINT job")
            self._head.position, self._head.hash = before, digest
            self.keys.restore(keys)
            raise
        self._cursor.execute("RELEASE SAVEPOINT job")

    def commit(self) -> None:
        """Do what waits, and commit, in one journey."""
        connection, head = self._cursor.connection, self._log.head
        try:
            with translated(), connection.pipeline():
                if head.position != self._log.stored:
                    self._written.finish(log_table.UPDATE_HEAD, (head.position, head.hash))
                else:
                    self._rows.settle()
                self._cursor.execute("COMMIT")
        except BaseException:
            # psycopg takes for prepared what was to be prepared behind the statement that failed, and the
            # server skipped: each later use of it on this connection would fail.
            connection.close()
            raise


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
        with self._translated(), self._recorder.changing() as cursor:
            self._recorder.create_tables(cursor)
            for statement in (*SCHEMA, *person_keys.SCHEMA, *statements):
                run(cursor, statement)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Open a write transaction, the one of all processes' that holds the log's lock."""
        with self._translated(), ExitStack() as ended, self._recorder.locked() as log:
            transaction = PostgresTransaction(self._mapper, log, self._keys)
            ended.push(transaction.keys.ended)
            yield transaction
            transaction.commit()

    @contextmanager
    def read(self) -> Iterator[Rows]:
        """Open a consistent read of all tables."""
        with self._translated(), self._recorder.reading() as cursor:
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
            raise unavailable(fault) from fault
