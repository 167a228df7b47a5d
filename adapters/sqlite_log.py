"""The library's SQLite recorder on our own tables. Connections are as strict as SQLite can be:
write-ahead log, ``synchronous=FULL``, writes by ``BEGIN IMMEDIATE`` so that no reader's snapshot
can turn a write into ``SQLITE_BUSY``."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    InterfaceError,
    Notification,
    StoredEvent,
    Subscription,
)
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
)

from adapters import log_table
from adapters.log_head import LogHead
from adapters.sqlite_readers import Readers

WAL = "PRAGMA journal_mode = WAL"
CACHED_STATEMENTS = 256
LOCK_SECONDS = 5
PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA cache_size = -65536",
    # All connections together: each for itself could keep its 64 MB, and there are many. A cache at
    # the limit takes its own oldest page, and the system has what it dropped.
    "PRAGMA soft_heap_limit = 25165824",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
)
ON_DISK = (
    WAL,
    # Pages that every commit writes go to the file once for many of them; the log beside it stays short.
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA journal_size_limit = 67108864",
    # What is deleted is overwritten, since it may be what was known of somebody who is forgotten.
    "PRAGMA secure_delete = ON",
)
FORBID_CHANGE = tuple(
    f"CREATE TRIGGER IF NOT EXISTS event_log_no_{verb.lower()} BEFORE {verb} ON event_log "
    "BEGIN SELECT RAISE(ABORT, 'history is never changed'); END"
    for verb in ("UPDATE", "DELETE")
)


_KEYED_BY_TEXT = re.compile(
    r"CREATE TABLE IF NOT EXISTS \w+ \((?:\w+ TEXT PRIMARY KEY, .*|.*PRIMARY KEY \(\w+(?:, \w+)+\))\)",
    re.DOTALL,
)
_LONG = re.compile(r" (?:body|description|vector|policy_json) TEXT")


def shaped(sql: str) -> str:
    """Return a statement as SQLite does it best: a table whose key is a text, or has several columns, is kept
    in the order of that key, in place of a table and an index that both have to be written and read. Not
    where rows carry long texts: such a tree would be slow to walk."""
    if sql.startswith("CREATE TABLE") and _KEYED_BY_TEXT.fullmatch(sql) and not _LONG.search(sql):
        return f"{sql} WITHOUT ROWID"
    return sql


class LogConnectionPool(SQLiteConnectionPool):
    """Connections with our pragmas, plain tuples for rows, and room for every statement: the
    library's own keep one prepared statement, and prepare all others anew each time."""

    def connect(self) -> sqlite3.Connection:
        """Return a new connection."""
        try:
            raw = sqlite3.connect(
                self.db_name,
                uri=True,
                check_same_thread=False,
                isolation_level=None,
                cached_statements=CACHED_STATEMENTS,
                timeout=LOCK_SECONDS,
            )
            for pragma in PRAGMAS if self.is_sqlite_memory_mode else (*ON_DISK, *PRAGMAS):
                raw.execute(pragma)
        except sqlite3.Error as fault:
            raise InterfaceError(str(fault)) from fault
        return raw

    def _create_connection(self) -> SQLiteConnection:
        return SQLiteConnection(sqlite_conn=self.connect(), max_age=self.max_age)


class LogDatastore(SQLiteDatastore):
    """The library's datastore over such connections."""

    def __init__(self, db_name: str) -> None:
        self.readers: Readers | None = None
        super().__init__(db_name, originator_id_type="text")
        self.pool: LogConnectionPool = LogConnectionPool(
            db_name=db_name, pool_size=8, max_overflow=32
        )
        # What is in one memory cannot be read while it is written: there the library keeps order.
        in_memory = self.pool.is_sqlite_memory_mode
        self.readers = None if in_memory else Readers(self.pool.connect)

    def close(self) -> None:
        """Release every connection."""
        if self.readers is not None:
            self.readers.close()
        super().close()


class SQLiteLogRecorder(SQLiteApplicationRecorder):
    """Records events in `event_log`, each linked to the one before, at dense positions."""

    datastore: LogDatastore

    def construct_create_table_statements(self) -> list[str]:
        """Return our own tables in place of the library's."""
        # INTEGER is SQLite's word for the row's own number: no index beside the table.
        tables = log_table.create_tables(position_type="INTEGER", bytes_type="BLOB")
        return [*tables, *FORBID_CHANGE]

    def _create_table(self, c: SQLiteCursor) -> None:
        super()._create_table(c)
        c.execute(log_table.INSERT_HEAD, log_table.INSERT_HEAD_PARAMS)

    @contextmanager
    def locked(self) -> Iterator[tuple[SQLiteCursor, LogHead]]:
        """Lock the log for writing; store the head and commit on leaving, else roll back."""
        with self.datastore.get_connection(commit=True) as connection:
            cursor = connection.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            try:
                cursor.execute(log_table.SELECT_HEAD)
                before, digest = cursor.fetchone()
                head = LogHead(before, digest)
                yield cursor, head
                if head.position != before:
                    cursor.execute(log_table.UPDATE_HEAD, (head.position, head.hash))
                connection.commit()
            except BaseException:
                connection.rollback()
                raise
            finally:
                # While the connection is still ours: a statement that is left open keeps the
                # write-ahead log alive, and closed later it may be another thread's already.
                cursor.sqlite_cursor.close()

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Append events in a transaction of their own; return their positions."""
        del kwargs
        with self.locked() as (cursor, head):
            return self.append(cursor.sqlite_cursor, stored_events, head)

    def append(
        self,
        cursor: sqlite3.Cursor,
        stored_events: Sequence[StoredEvent],
        head: LogHead,
    ) -> list[int]:
        """Append events inside a transaction that holds the locked head."""
        positions = []
        for stored in stored_events:
            row = head.advance(stored)
            cursor.execute(log_table.INSERT_EVENT, row)
            positions.append(row[0])
        return positions

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return part of one stream."""
        sql, params = log_table.events_of_stream(str(originator_id), gt, lte, limit, desc=desc)
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute(sql, params)
            return [log_table.stored_event(row) for row in cursor.fetchall()]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return part of the log in the order of positions, which is that of the commits."""
        sql, params = log_table.notifications(
            start, stop, topics, limit, inclusive=inclusive_of_start
        )
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute(sql, params)
            return [log_table.notification(row) for row in cursor.fetchall()]

    def _max_notification_id(self, c: SQLiteCursor) -> int:
        c.execute(log_table.SELECT_POSITION)
        return int(c.fetchone()[0])

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Refuse: followers pull by position and are woken by the bus."""
        log_table.refuse_subscription(gt, topics)
