"""What happens to connections happens to all some day: servers are restarted, processes stop in the middle, too
many come at once. Nobody has to lend a hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from adapters import postgres_connections, postgres_log
from adapters.open_store import open_store
from adapters.postgres_connections import Connections, command, connect
from domain.ports import EventStore, StreamMoved, Unavailable
from tests.contracts.test_event_store import TABLE, append, envelope
from tests.contracts.test_late_writes import NOTE, notes


@pytest.fixture
def store(postgres_url: str) -> Iterator[EventStore]:
    opened = open_store(postgres_url)
    opened.create([TABLE])
    yield opened
    opened.close()


def end_all(url: str) -> None:
    """End every session, as a restart does."""
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )


def test_connections_that_died_while_nobody_used_them_are_replaced_unseen(
    store: EventStore, postgres_url: str
) -> None:
    append(store, envelope("a", 1))
    with store.read() as first, store.read() as second:
        assert notes(first) == notes(second) == []
    end_all(postgres_url)
    with store.read() as rows:
        assert notes(rows) == []
    end_all(postgres_url)
    assert append(store, envelope("a", 2)) == [2]
    assert store.head() == 2


def test_a_write_that_was_not_committed_is_unavailable_and_undone(
    store: EventStore, postgres_url: str
) -> None:
    with pytest.raises(Unavailable), store.write() as transaction:
        transaction.rows.execute_many(NOTE, [("a", None, None)])
        end_all(postgres_url)
    with store.write() as transaction:
        assert notes(transaction.rows) == []


def test_who_stops_in_the_middle_of_a_transaction_loses_it_to_the_others(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped process (SIGSTOP, a paused machine) still holds the log's lock."""
    monkeypatch.setattr(postgres_log, "WRITES", "-c idle_in_transaction_session_timeout=200ms")
    stopped = open_store(postgres_url)
    stopped.create([TABLE])
    monkeypatch.undo()
    other = open_store(postgres_url)
    with pytest.raises(Unavailable), stopped.write() as transaction:
        transaction.append([envelope("lost", 1)])
        assert append(other, envelope("a", 1)) == [1], "it waited until the server threw him out"
    assert [one.envelope.stream for one in other.events_after(0, 9)] == ["app-a"]
    assert append(stopped, envelope("a", 2)) == [2]
    stopped.close()
    other.close()


def test_nobody_waits_for_ever_for_the_lock(
    store: EventStore, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_log, "WRITES", "-c lock_timeout=100ms")
    impatient = open_store(postgres_url)
    with store.write(), pytest.raises(Unavailable, match="lock timeout"), impatient.write():
        pass
    assert append(impatient, envelope("a", 1)) == [1]
    impatient.close()


def test_who_finds_no_connection_in_time_is_told_so(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_connections, "PATIENCE_SECONDS", 0.05)
    connections = Connections(postgres_url, "", most=1)
    unavailable = pytest.raises(Unavailable, match="too many")
    with connections.begun(b"BEGIN"), unavailable, connections.begun(b"BEGIN"):
        pass
    with connections.begun(b"BEGIN") as (_, result):
        assert result.command_status == b"BEGIN"
    connections.close()


def test_reads_never_keep_a_writer_from_writing(store: EventStore) -> None:
    readers = [store.read() for _ in range(postgres_log.READERS)]
    for one in readers:
        assert notes(one.__enter__()) == []
    assert append(store, envelope("a", 1)) == [1]
    for one in readers:
        one.__exit__(None, None, None)


def test_a_read_leaves_no_transaction_open(store: EventStore, postgres_url: str) -> None:
    """An open one would keep PostgreSQL from tidying up for as long as it is idle."""
    with store.read() as rows:
        assert notes(rows) == []
    deadline = time.monotonic() + 10
    with psycopg.connect(postgres_url, autocommit=True) as other:
        sql = (
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND state LIKE 'idle in%'"
        )
        while other.execute(sql).fetchall() != [(0,)]:
            assert time.monotonic() < deadline


def test_a_connection_that_waits_lets_others_run(postgres_url: str) -> None:
    connection = connect(postgres_url)
    waiting = threading.Thread(target=command, args=(connection, b"SELECT pg_sleep(0.3)"))
    waiting.start()
    steps = 0
    while waiting.is_alive():
        steps += 1
    waiting.join()
    connection.close()
    assert steps > 1_000, "this thread stood still while the other waited for the server"


def test_what_the_url_says_goes_before_what_is_set_here(postgres_url: str) -> None:
    url = f"{postgres_url}&options=-c%20lock_timeout%3D7s&application_name=mine"
    connection = connect(url, postgres_connections.WRITES)
    shown = [
        connection.execute(f"SHOW {name}".encode()).fetchall()[0][0]
        for name in ("lock_timeout", "application_name", "idle_in_transaction_session_timeout")
    ]
    connection.close()
    assert shown == ["7s", "mine", f"{postgres_connections.STOPPED_SECONDS}s"]


@pytest.mark.parametrize("before", range(1, 5))
def test_a_commit_that_failed_spoils_no_later_one_on_its_connection(
    store: EventStore, before: int
) -> None:
    """What stands behind a statement that fails is skipped by the server, also that it be prepared."""
    for version in range(1, before + 1):
        append(store, envelope("a", version))
    with pytest.raises(StreamMoved), store.write() as transaction:
        transaction.append([envelope("b", 1), envelope("a", before)])
    for version in range(before + 1, before + 4):
        append(store, envelope("a", version))
    assert store.head() == before + 3


def test_a_start_waits_for_who_is_writing_and_neither_loses_his_work(
    store: EventStore, postgres_url: str
) -> None:
    tables = [f"CREATE TABLE IF NOT EXISTS {name} (key BIGINT)" for name in ("first", "second")]
    indexes = [
        f"CREATE INDEX IF NOT EXISTS {name}_by_key ON {name} (key)" for name in ("first", "second")
    ]
    store.create([*tables, *indexes])
    starting = threading.Thread(target=store.create, args=([*tables, *indexes],))
    with store.write() as transaction:
        transaction.rows.execute("INSERT INTO second (key) VALUES (1)")
        starting.start()
        with psycopg.connect(postgres_url, autocommit=True) as other:
            deadline = time.monotonic() + 30
            while not other.execute(
                "SELECT 1 FROM pg_stat_activity "
                "WHERE wait_event_type = 'Lock' AND datname = current_database()"
            ).fetchall():
                assert time.monotonic() < deadline, "it does not wait"
        transaction.rows.execute("INSERT INTO first (key) VALUES (1)")
    starting.join()
    with store.read() as rows:
        assert rows.select("SELECT key FROM first UNION ALL SELECT key FROM second") == [(1,)] * 2
