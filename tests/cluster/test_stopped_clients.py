"""A process that stops where the server waits for it without a limit of its own: it loses its transaction, its duties
and its reads to the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import psycopg
import pytest

from adapters import duty_table, log_table, postgres_session, postgres_stopped
from adapters.open_store import open_store
from adapters.postgres_connections import READS, WRITES, PgConnection, command, connect
from adapters.postgres_log import BEGIN, BEGIN_AND_LOCK, BEGIN_TO_READ
from adapters.postgres_session import PostgresSession
from adapters.postgres_stopped import StoppedClients
from adapters.system import utc_now
from domain.duties import Duty
from domain.ports import EventStore
from tests.cluster.members import until
from tests.contracts.test_event_store import append, envelope

TIMERS = Duty("timers")
MUCH = b"SELECT repeat('x', 1000) FROM generate_series(1, 100000)"
"""What no socket holds."""
PIECE = "x" * 100_000
"""What a COPY does not keep to itself."""
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' "
    "AND wait_event IN ('ClientRead', 'ClientWrite', 'transactionid')"
)
"""How many are served and wait for somebody."""
UNREAD = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND state = 'idle' AND wait_event = 'ClientWrite'"
)


@pytest.fixture
def store(postgres_url: str) -> Iterator[EventStore]:
    store = open_store(postgres_url)
    store.create([*duty_table.SCHEMA, "CREATE TABLE copied (value TEXT)"])
    yield store
    store.close()


@pytest.fixture
def session(
    postgres_url: str, store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PostgresSession]:
    """The standing session of a process that goes on, where being silent for a moment is long."""
    monkeypatch.setattr(postgres_stopped, "STOPPED_SECONDS", 0.2)
    monkeypatch.setattr(postgres_stopped, "READ_SECONDS", 0.2)
    monkeypatch.setattr(postgres_stopped, "LOOK_EVERY", 0.05)
    session = PostgresSession(postgres_url, "goes on", utc_now, lambda: None)
    yield session
    session.close()


@contextmanager
def stopped_in_a_commit(locked: PgConnection) -> Iterator[None]:
    """Be silent between two statements that travel together."""
    with locked.pipeline():
        locked.execute(log_table.SELECT_HEAD.encode())
        yield


@contextmanager
def stopped_in_a_copy(locked: PgConnection) -> Iterator[None]:
    """Be silent between two parts of what is copied."""
    with locked.cursor().copy("COPY copied FROM STDIN") as copying:
        copying.write_row((PIECE,))
        yield


@contextmanager
def stopped_before_it_reads(locked: PgConnection) -> Iterator[None]:
    """Leave a result where it is."""
    locked.pgconn.send_query(MUCH)
    locked.pgconn.flush()
    yield
    while locked.pgconn.get_result() is not None:
        pass
    locked.execute("SELECT 1")


@pytest.mark.parametrize(
    "stopped", [stopped_in_a_commit, stopped_in_a_copy, stopped_before_it_reads]
)
def test_who_stops_with_the_logs_lock_loses_it_to_the_others(
    postgres_url: str,
    store: EventStore,
    session: PostgresSession,
    caplog: pytest.LogCaptureFixture,
    stopped: Any,
) -> None:
    with closing(connect(postgres_url, WRITES)) as locked:
        locked.execute(BEGIN_AND_LOCK)
        with pytest.raises(psycopg.OperationalError), stopped(locked):
            session.announce()
            assert append(store, envelope("a", 1)) == [1], "it waited until he was thrown out"
    assert [one.message for one in caplog.records if one.name == postgres_stopped.__name__] == [
        "PostgreSQL: a process stopped in the middle of something; its session was ended"
    ]


def test_who_stops_and_is_told_more_than_he_hears_loses_his_duties(
    postgres_url: str, store: EventStore, session: PostgresSession
) -> None:
    """The server means to end a session that is silent, and does not while it waits for him to listen."""
    goes_on = threading.Event()

    def stop() -> None:
        """Be told so by the thread that would hear, which hears nothing from then on."""
        goes_on.wait()

    holds = PostgresSession(postgres_url, "stops", utc_now, lambda: None)
    try:
        holds.duties.want(TIMERS, stop)
        until(lambda: holds.duties.tenure(TIMERS) is not None)
        with closing(connect(postgres_url)) as tells:
            channel = postgres_session._channel(tells)
            until(lambda: tell_more(tells, channel))
            session.duties.want(TIMERS, lambda: None)
            until(lambda: session.duties.tenure(TIMERS) is not None)
    finally:
        goes_on.set()
        holds.close()


def tell_more(connection: PgConnection, channel: str) -> bool:
    """Tell as much as goes into the queue at once; say whether somebody has no room for it any more."""
    with connection.transaction():
        for number in range(100):
            told = f"{number:07900}"
            connection.execute("SELECT pg_notify(%s, %s)", (channel, told))
    return connection.execute(UNREAD).fetchall() == [(1,)]


def test_who_stops_before_he_reads_keeps_no_table_for_longer_than_a_query_may_last(
    postgres_url: str, store: EventStore, session: PostgresSession
) -> None:
    """The server means to end the query then, and does not while it waits for him to read."""
    with closing(connect(postgres_url, f"{READS} -c statement_timeout=100")) as reads:
        command(reads, BEGIN_TO_READ)
        reads.execute("SELECT * FROM copied")
        reads.pgconn.send_query(MUCH)
        reads.pgconn.flush()
        session.announce()
        with closing(connect(postgres_url, WRITES)) as drops:
            drops.execute("DROP TABLE copied")


def test_nobody_else_is_ended(
    postgres_url: str, store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither who copies with the lock, however long, nor who waits for it, nor who stops or reads without it."""
    monkeypatch.setattr(postgres_stopped, "STOPPED_SECONDS", 0.2)
    monkeypatch.setattr(postgres_stopped, "LOOK_EVERY", 0)
    with ExitStack() as ended:
        copies, waits, stops, reads, looks = (
            ended.enter_context(closing(connect(postgres_url, WRITES))) for _ in range(5)
        )
        waiting = threading.Thread(target=waits.execute, args=(BEGIN_AND_LOCK,))
        copies.execute(BEGIN_AND_LOCK)
        with stops.pipeline(), copies.cursor().copy("COPY copied FROM STDIN") as copying:
            stops.execute(BEGIN)
            stops.execute("SELECT 1 FROM forgotten_person FOR UPDATE")
            reads.pgconn.send_query(MUCH)
            reads.pgconn.flush()
            copying.write_row((PIECE,))
            waiting.start()
            until(lambda: looks.execute(WAITING).fetchall() == [(4,)])
            looking = StoppedClients()
            for _ in range(8):
                looking.attend(looks)
                copying.write_row((PIECE,))
                time.sleep(0.05)
        while reads.pgconn.get_result() is not None:
            pass
        copies.execute("COMMIT")
        waiting.join()
        for one in (copies, waits, stops, reads):
            assert one.execute("SELECT count(*) FROM copied").fetchall() == [(9,)]
