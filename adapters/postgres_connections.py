"""Connections to PostgreSQL, made when they are needed and kept for the next who needs one. A connection that died
while it was kept, as all do when the server is restarted, is found out by its first statement and replaced
at once. Nobody waits for ever: not for a connection, not for a lock, not for a network that is gone; and a
process that stops in the middle of a transaction loses it to the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore
from typing import Any

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import tuple_row

from domain.ports import Unavailable

PgConnection = psycopg.Connection[tuple[Any, ...]]

PATIENCE_SECONDS = 5.0
"""The longest wait for a connection."""
LOCK_SECONDS = 20
"""The longest wait for the log's lock. It is longer than `STOPPED_SECONDS`, so that who waits for a process
that has stopped gets the lock after all."""
STOPPED_SECONDS = 15
"""The longest pause in the middle of a transaction. The server ends it then, and frees its locks."""
READ_SECONDS = 60
"""The longest query. Writes have no such limit: making an index may take an hour."""
LONGEST_READ_SECONDS = 900
"""The longest pause in the middle of a read."""
PREPARED_FROM, PREPARED_MOST = 2, 500
"""How often a statement is run before it is prepared, and how many a connection keeps prepared."""
_NETWORK: Mapping[str, str | int] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "application_name": "doorward",
}
WRITES = (
    f"-c lock_timeout={LOCK_SECONDS}s -c idle_in_transaction_session_timeout={STOPPED_SECONDS}s "
    "-c synchronous_commit=on"
)
# A read keeps nobody from anything, and one that compares tables with others pauses for long.
READS = (
    f"-c statement_timeout={READ_SECONDS}s "
    f"-c idle_in_transaction_session_timeout={LONGEST_READ_SECONDS}s"
)


def connect(url: str, session: str = "") -> PgConnection:
    """Return a new connection, without a transaction of its own. What the URL says goes before what is said
    here; `session` are settings of the session."""
    given = psycopg.conninfo.conninfo_to_dict(url)
    ours: dict[str, str | int] = {
        name: value for name, value in _NETWORK.items() if name not in given
    }
    ours["options"] = f"{session} {given.get('options') or ''}".strip()
    connection = reached(psycopg.conninfo.make_conninfo(url, **ours), PREPARED_FROM)
    connection.prepared_max = PREPARED_MOST
    return connection


def reached(url: str, prepared_from: int | None = 5, **options: Any) -> PgConnection:
    """Connect, without a transaction of its own; raises `psycopg.Error`, also where this process has no descriptor
    left to wait with."""
    try:
        return psycopg.connect(
            url,
            autocommit=True,
            prepare_threshold=prepared_from,
            row_factory=tuple_row,
            **options,
        )
    except OSError as fault:
        raise psycopg.OperationalError(f"cannot connect: {fault.strerror}") from fault


def command(connection: PgConnection, sql: bytes) -> PGresult:
    """Run plain statements in one exchange, at a fraction of what a cursor costs; return what the last
    gave. Lets other threads run meanwhile."""
    pgconn = connection.pgconn
    result = pgconn.exec_(sql)
    if pgconn.status != ConnStatus.OK:
        raise psycopg.OperationalError("the connection is lost")
    if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        raise error_from_result(result)
    return result


class Connections:
    """Connections of one kind. The last one given back is the first one taken."""

    def __init__(self, url: str, session: str, most: int) -> None:
        """`most` are in use at once; who comes then waits, `PATIENCE_SECONDS` at the longest."""
        self._url = url
        self._session = session
        self._free = BoundedSemaphore(most)
        self._kept: deque[PgConnection] = deque()
        self._closed = False

    @contextmanager
    def begun(self, first: bytes) -> Iterator[tuple[PgConnection, PGresult]]:
        """Take a connection and run its first statements there, which begin a transaction; yield what
        the last of them gave. What is left of the transaction at the end is undone."""
        if not self._free.acquire(timeout=PATIENCE_SECONDS):
            raise Unavailable("PostgreSQL: too many wait for a connection; try again in a moment")
        try:
            connection, result = self._begin(first)
            try:
                yield connection, result
            finally:
                self._give_back(connection)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close those that are kept, and keep none from now on."""
        self._closed = True
        self._drop()

    def _begin(self, first: bytes) -> tuple[PgConnection, PGresult]:
        kept = self._kept_one()
        if kept is not None:
            try:
                return kept, command(kept, first)
            except psycopg.OperationalError:
                if kept.pgconn.status == ConnStatus.OK:
                    self._give_back(kept)
                    raise
                # The others died with it, as a rule; each would cost the next one a try.
                kept.close()
                self._drop()
        new = connect(self._url, self._session)
        try:
            return new, command(new, first)
        except BaseException:
            new.close()
            raise

    def _kept_one(self) -> PgConnection | None:
        with suppress(IndexError):
            return self._kept.pop()
        return None

    def _give_back(self, connection: PgConnection) -> None:
        pgconn = connection.pgconn
        usable = pgconn.transaction_status == TransactionStatus.IDLE
        if pgconn.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            # Nobody waits for the answer: the next use takes it.
            with suppress(psycopg.Error):
                pgconn.send_query(b"ROLLBACK")
                usable = True
        if not usable or pgconn.status != ConnStatus.OK:
            connection.close()
            return
        self._kept.append(connection)
        # Asked after that: whoever closes meanwhile may have looked before.
        if self._closed:
            self._drop()

    def _drop(self) -> None:
        while (connection := self._kept_one()) is not None:
            connection.close()
