"""The library's PostgreSQL recorder on our own tables. The head row's lock takes the place of the
library's table lock: it orders all writers, so positions are dense and become visible in their
order, while readers never wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    Notification,
    StoredEvent,
    Subscription,
)
from eventsourcing.postgres import PostgresDatastore, PostgresRecorder

from adapters import log_table
from adapters.log_head import LogHead
from adapters.postgres_connections import READS, WRITES, Connections, command
from adapters.postgres_statements import PgCursor, run

MIGRATION_LOCK = 0x646F6F72
"""Key of the advisory lock that lets one process at a time create tables."""

FORBID_CHANGE = (
    "CREATE OR REPLACE FUNCTION event_log_never_changes() RETURNS trigger LANGUAGE plpgsql AS "
    "$body$ BEGIN RAISE EXCEPTION 'history is never changed'; END $body$",
    "CREATE OR REPLACE TRIGGER event_log_no_change BEFORE UPDATE OR DELETE OR TRUNCATE "
    "ON event_log FOR EACH STATEMENT EXECUTE FUNCTION event_log_never_changes()",
)


READERS, WRITERS = 16, 4
"""Most connections of a process that read at once, and that wait to write. A writer never waits for readers."""
BEGIN_TO_READ = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
BEGIN = b"BEGIN ISOLATION LEVEL READ COMMITTED"
BEGIN_AND_LOCK = (
    b"BEGIN ISOLATION LEVEL READ COMMITTED; "
    b"SELECT 1 FROM log_head WHERE one = 1 FOR UPDATE; "
    # By a statement of its own, which sees what was committed by whoever had the lock before.
    b"SELECT position, hash, (SELECT COALESCE(MAX(number), 0) FROM forgotten_person) "
    b"FROM log_head WHERE one = 1"
)


@dataclass(slots=True)
class LockedLog:
    """The log's head in the hands of one transaction, and the number of the last person forgotten."""

    cursor: PgCursor
    head: LogHead
    forgotten: int
    stored: int
    """The position that the head's row has."""


class LogDatastore(PostgresDatastore):
    """The library's datastore over connections of our own: connected by a URL with all its options (TLS
    among them)."""

    def __init__(self, url: str) -> None:
        super().__init__("", "", "", "", "", originator_id_type="text")
        self.reading = Connections(url, READS, READERS)
        self.writing = Connections(url, WRITES, WRITERS)

    def close(self) -> None:
        """Release every connection."""
        super().close()
        self.reading.close()
        self.writing.close()


class PostgresLogRecorder(PostgresRecorder, ApplicationRecorder):
    """Records events in `event_log`, each linked to the one before, at dense positions."""

    datastore: LogDatastore

    def create_tables(self, cursor: PgCursor) -> None:
        """Create the log's tables in the cursor's transaction, one process at a time, and with the log's lock
        if there is a log: statements that create lock one table after the other, even where there is nothing
        to create, and a writer who is at work does so in another order."""
        run(cursor, "SELECT pg_advisory_xact_lock(?)", (MIGRATION_LOCK,))
        if run(cursor, "SELECT to_regclass('log_head')").fetchone() != (None,):
            run(cursor, f"{log_table.SELECT_HEAD} FOR UPDATE")
        tables = log_table.create_tables(position_type="BIGINT", bytes_type="BYTEA")
        for statement in (*tables, *FORBID_CHANGE):
            run(cursor, statement)
        run(cursor, log_table.INSERT_HEAD, log_table.INSERT_HEAD_PARAMS)

    @contextmanager
    def reading(self) -> Iterator[PgCursor]:
        """Open a consistent read."""
        with self.datastore.reading.begun(BEGIN_TO_READ) as (connection, _):
            yield connection.cursor()

    @contextmanager
    def changing(self) -> Iterator[PgCursor]:
        """Open a transaction that does not begin with the log's lock; commit on leaving, else roll back."""
        with self.datastore.writing.begun(BEGIN) as (connection, _):
            yield connection.cursor()
            command(connection, b"COMMIT")

    @contextmanager
    def locked(self) -> Iterator[LockedLog]:
        """Lock the log for writing. What is not committed on leaving is undone."""
        with self.datastore.writing.begun(BEGIN_AND_LOCK) as (connection, found):
            position, digest, forgotten = (found.get_value(0, column) for column in range(3))
            if position is None or digest is None or forgotten is None:
                msg = "the log does not say where it ends"
                raise psycopg.OperationalError(msg)
            head = LogHead(int(position), bytes.fromhex(digest[2:].decode()))
            yield LockedLog(connection.cursor(), head, int(forgotten), head.position)

    def commit(self, log: LockedLog) -> None:
        """Store the head, and commit."""
        head = log.head
        if head.position != log.stored:
            run(log.cursor, log_table.UPDATE_HEAD, (head.position, head.hash))
        log.cursor.execute("COMMIT")

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Append events in a transaction of their own; return their positions."""
        del kwargs
        with self.locked() as log:
            rows = [log.head.advance(one) for one in stored_events]
            for row in rows:
                run(log.cursor, log_table.INSERT_EVENT, row)
            self.commit(log)
            return [row[0] for row in rows]

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
        with self.reading() as cursor:
            return [log_table.stored_event(row) for row in run(cursor, sql, params)]

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
        with self.reading() as cursor:
            return [log_table.notification(row) for row in run(cursor, sql, params)]

    def max_notification_id(self) -> int:
        """Return the position of the newest event; 0 if none."""
        with self.reading() as cursor:
            found = run(cursor, log_table.SELECT_POSITION).fetchone()
            return int(cast("tuple[int]", found)[0])

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Refuse: followers pull by position and are woken by the bus."""
        log_table.refuse_subscription(gt, topics)
