"""A process that stops in the middle of a commit, where the server waits for the rest of it without a limit of its own,
loses its transaction to the others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import psycopg
import pytest

from adapters import log_table, postgres_stopped
from adapters.open_store import open_store
from adapters.postgres_connections import WRITES, PgConnection, connect
from adapters.postgres_log import BEGIN, BEGIN_AND_LOCK
from adapters.postgres_session import PostgresSession
from adapters.postgres_stopped import StoppedWriters
from adapters.system import utc_now
from domain.ports import EventStore
from tests.cluster.members import until
from tests.contracts.test_event_store import append, envelope

WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' "
    "AND wait_event IN ('ClientRead', 'transactionid')"
)
"""How many are served and wait for somebody: the three of a test."""


@pytest.fixture
def store(postgres_url: str) -> Iterator[EventStore]:
    store = open_store(postgres_url)
    store.create([])
    yield store
    store.close()


@pytest.fixture
def session(
    postgres_url: str, store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PostgresSession]:
    """The standing session of a process that goes on, where being silent for a moment is long."""
    monkeypatch.setattr(postgres_stopped, "STOPPED_SECONDS", 0.2)
    monkeypatch.setattr(postgres_stopped, "LOOK_EVERY", 0.05)
    session = PostgresSession(postgres_url, "goes on", utc_now, lambda: None)
    yield session
    session.close()


@contextmanager
def stopped_in_a_commit(url: str) -> Iterator[PgConnection]:
    """Hold the log's lock as one does who was stopped between two statements that travel together."""
    connection = connect(url, WRITES)
    connection.execute(BEGIN_AND_LOCK)
    try:
        with connection.pipeline():
            connection.execute(log_table.SELECT_HEAD.encode())
            yield connection
    finally:
        connection.close()


def test_who_stops_in_the_middle_of_a_commit_loses_it_to_the_others(
    postgres_url: str,
    store: EventStore,
    session: PostgresSession,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(psycopg.OperationalError), stopped_in_a_commit(postgres_url):
        session.announce()
        assert append(store, envelope("a", 1)) == [1], "it waited until he was thrown out"
    assert [one.message for one in caplog.records if one.name == postgres_stopped.__name__] == [
        "PostgreSQL: a process stopped in the middle of a write; its transaction was ended"
    ]


def test_nobody_else_is_ended(
    postgres_url: str, store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither who copies with the lock, however long, nor who waits for it, nor who stops without it."""
    monkeypatch.setattr(postgres_stopped, "STOPPED_SECONDS", 0)
    with ExitStack() as ended:
        copies, waits, stops, looks = (
            ended.enter_context(closing(connect(postgres_url, WRITES))) for _ in range(4)
        )
        waiting = threading.Thread(target=waits.execute, args=(BEGIN_AND_LOCK,))
        copies.execute(BEGIN_AND_LOCK)
        copies.execute("CREATE TABLE copied (value TEXT)")
        with stops.pipeline(), copies.cursor().copy("COPY copied FROM STDIN") as copying:
            stops.execute(BEGIN)
            stops.execute("SELECT 1 FROM forgotten_person FOR UPDATE")
            copying.write_row(("first",))
            waiting.start()
            until(lambda: looks.execute(WAITING).fetchall() == [(3,)])
            StoppedWriters().attend(looks)
            copying.write_row(("second",))
        copies.execute("COMMIT")
        waiting.join()
        for one in (copies, waits, stops):
            assert one.execute("SELECT count(*) FROM copied").fetchall() == [(2,)]
