"""The library's PostgreSQL recorder on our own tables. The head row's lock takes the place of the
library's table lock: it orders all writers, so positions are dense and become visible in their
order, while readers never wait."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
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
from psycopg.rows import tuple_row

from adapters import log_table
from adapters.log_head import LogHead

PgCursor = psycopg.Cursor[tuple[Any, ...]]
MIGRATION_LOCK = 0x646F6F72
"""Key of the advisory lock that lets one process at a time create tables."""

FORBID_CHANGE = (
    "CREATE OR REPLACE FUNCTION event_log_never_changes() RETURNS trigger LANGUAGE plpgsql AS "
    "$body$ BEGIN RAISE EXCEPTION 'history is never changed'; END $body$",
    "CREATE OR REPLACE TRIGGER event_log_no_change BEFORE UPDATE OR DELETE OR TRUNCATE "
    "ON event_log FOR EACH STATEMENT EXECUTE FUNCTION event_log_never_changes()",
)


@lru_cache(maxsize=1024)
def placeholders(sql: str) -> str:
    """Return a statement with psycopg's placeholder in place of ``?``."""
    return sql.replace("?", "%s")


_VALUES = re.compile(r"VALUES \((?:\?, )*\?\)")
_ARRAYS = {str: "text[]", int: "bigint[]", float: "float8[]", bytes: "bytea[]"}


def at_once(
    sql: str, params: Sequence[Sequence[object]]
) -> Iterator[tuple[str, Sequence[object]]]:
    """Yield the statements that do the same as `sql` done once for each set of parameters: an INSERT
    takes all rows in one, a column as an array each, at a fraction of the cost. A column of such an
    INSERT holds one type, and no nulls."""
    if _VALUES.search(sql) is None or not params:
        yield from ((sql, one) for one in params)
        return
    arrays = ", ".join(f"?::{_ARRAYS[type(one)]}" for one in _plain(params[0]))
    columns = [list(column) for column in zip(*map(_plain, params), strict=True)]
    yield _VALUES.sub(f"SELECT * FROM unnest({arrays})", sql, count=1), columns


def _plain(row: Sequence[object]) -> list[object]:
    """Return a row with the texts of enumerations as texts."""
    return [str(one) if isinstance(one, str) else one for one in row]


def run(cursor: PgCursor, sql: str, params: Sequence[object] = ()) -> PgCursor:
    """Run a statement written with ``?``."""
    return cursor.execute(cast("Any", placeholders(sql)), params)


class LogDatastore(PostgresDatastore):
    """The library's datastore, connected by a URL with all its options (TLS among them)."""

    def __init__(self, url: str) -> None:
        super().__init__(
            "",
            "",
            "",
            "",
            "",
            pool_size=1,
            max_overflow=7,
            # A restarted server must not fail every pooled connection's next use.
            pre_ping=True,
            originator_id_type="text",
        )
        self.pool.conninfo = url
        self.pool.kwargs = {"row_factory": tuple_row, "connect_timeout": 5}


class PostgresLogRecorder(PostgresRecorder, ApplicationRecorder):
    """Records events in `event_log`, each linked to the one before, at dense positions."""

    datastore: LogDatastore

    def create_tables(self, cursor: PgCursor) -> None:
        """Create the log's tables in the cursor's transaction, one process at a time."""
        run(cursor, "SELECT pg_advisory_xact_lock(?)", (MIGRATION_LOCK,))
        tables = log_table.create_tables(position_type="BIGINT", bytes_type="BYTEA")
        for statement in (*tables, *FORBID_CHANGE):
            run(cursor, statement)
        run(cursor, log_table.INSERT_HEAD, log_table.INSERT_HEAD_PARAMS)

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[PgCursor]:
        """Open a transaction; commit on leaving if asked, else roll back."""
        with self.datastore.transaction(commit=commit) as cursor:
            # The library types its rows as dictionaries; ours are tuples (see LogDatastore).
            yield cast("PgCursor", cursor)

    @contextmanager
    def locked(self) -> Iterator[tuple[PgCursor, LogHead]]:
        """Lock the log for writing; store the head and commit on leaving, else roll back."""
        with self.transaction(commit=True) as cursor:
            found = run(cursor, log_table.SELECT_HEAD + " FOR UPDATE").fetchone()
            before, digest = cast("tuple[int, bytes]", found)
            head = LogHead(before, digest)
            yield cursor, head
            if head.position != before:
                run(cursor, log_table.UPDATE_HEAD, (head.position, head.hash))

    def append(
        self, cursor: PgCursor, stored_events: Sequence[StoredEvent], head: LogHead
    ) -> list[int]:
        """Append events inside a transaction that holds the locked head."""
        positions = []
        for stored in stored_events:
            row = head.advance(stored)
            run(cursor, log_table.INSERT_EVENT, row)
            positions.append(row[0])
        return positions

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Append events in a transaction of their own; return their positions."""
        del kwargs
        with self.locked() as (cursor, head):
            return self.append(cursor, stored_events, head)

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
        with self.transaction(commit=False) as cursor:
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
        with self.transaction(commit=False) as cursor:
            return [log_table.notification(row) for row in run(cursor, sql, params)]

    def max_notification_id(self) -> int:
        """Return the position of the newest event; 0 if none."""
        with self.transaction(commit=False) as cursor:
            found = run(cursor, log_table.SELECT_POSITION).fetchone()
            return int(cast("tuple[int]", found)[0])

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Refuse: followers pull by position and are woken by the bus."""
        log_table.refuse_subscription(gt, topics)
