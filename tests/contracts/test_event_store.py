"""What every event store promises, on memory, SQLite and PostgreSQL alike."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from adapters.open_store import open_store
from domain.catalog import AppAdded, AppRecord
from domain.chain import GENESIS, linked
from domain.envelope import Envelope
from domain.ports import EventStore, RowConflict, StreamMoved, Transaction, Unavailable
from domain.values import Actor, AppId, StreamId, Via
from tests.times import NOW

_ids = count(1)
TABLE = "CREATE TABLE IF NOT EXISTS note (key TEXT PRIMARY KEY, text TEXT, number BIGINT)"


@pytest.fixture
def store(database_url: str) -> Iterator[EventStore]:
    opened = open_store(database_url)
    opened.create([TABLE])
    yield opened
    opened.close()


def envelope(name: str, version: int) -> Envelope:
    event = AppAdded(AppId(name), AppRecord(name))
    stream = StreamId(f"app-{name}")
    return Envelope(f"id-{next(_ids)}", stream, version, NOW, Actor(Via.CLI), "c", None, event)


def append(store: EventStore, *envelopes: Envelope) -> list[int]:
    with store.write() as transaction:
        return [one.position for one in transaction.append(list(envelopes))]


def test_positions_are_dense_from_one_in_the_order_of_commits(store: EventStore) -> None:
    assert store.head() == 0
    assert append(store, envelope("a", 1), envelope("a", 2)) == [1, 2]
    assert append(store, envelope("b", 1)) == [3]
    assert [one.position for one in store.events_after(0, 10)] == [1, 2, 3]
    assert store.head() == 3


def test_what_is_read_equals_what_was_appended(store: EventStore) -> None:
    written = [envelope("a", 1), envelope("b", 1)]
    append(store, *written)
    assert [one.envelope for one in store.events_after(0, 10)] == written
    with store.write() as transaction:
        assert [one.envelope for one in transaction.load(StreamId("app-a"))] == written[:1]
        assert transaction.load(StreamId("app-none")) == []
    assert [one.envelope for one in store.stream(StreamId("app-b"))] == written[1:]
    assert store.stream(StreamId("app-none")) == []


def test_the_log_is_read_in_pieces(store: EventStore) -> None:
    append(store, *(envelope("a", version) for version in range(1, 8)))
    assert [one.position for one in store.events_after(2, 3)] == [3, 4, 5]
    assert store.events_after(7, 3) == []
    with store.write() as transaction:
        assert [one.position for one in transaction.events_after(5, 9)] == [6, 7]


def test_a_version_is_taken_once(store: EventStore) -> None:
    append(store, envelope("a", 1))
    with pytest.raises(StreamMoved), store.write() as transaction:
        transaction.append([envelope("a", 1)])
    assert store.head() == 1


def test_an_aborted_transaction_leaves_no_gap(store: EventStore) -> None:
    append(store, envelope("a", 1))
    with contextlib.suppress(ZeroDivisionError), store.write() as transaction:
        transaction.append([envelope("b", 1), envelope("c", 1)])
        raise ZeroDivisionError
    assert append(store, envelope("d", 1)) == [2]


def test_a_savepoint_undoes_events_rows_and_positions_together(store: EventStore) -> None:
    with store.write() as transaction:
        with transaction.savepoint():
            transaction.append([envelope("a", 1)])
            _note(transaction, "kept")
        with contextlib.suppress(ZeroDivisionError), transaction.savepoint():
            transaction.append([envelope("b", 1), envelope("b", 2)])
            _note(transaction, "undone")
            raise ZeroDivisionError
        with transaction.savepoint():
            assert [one.position for one in transaction.append([envelope("c", 1)])] == [2]
        assert transaction.head == 2
    with store.read() as rows:
        assert rows.select("SELECT key FROM note") == [("kept",)]


def test_a_savepoint_survives_a_conflict_inside_it(store: EventStore) -> None:
    append(store, envelope("a", 1))
    with store.write() as transaction:
        with contextlib.suppress(StreamMoved), transaction.savepoint():
            transaction.append([envelope("a", 1)])
        with contextlib.suppress(RowConflict), transaction.savepoint():
            _note(transaction, "twice")
            _note(transaction, "twice")
        with transaction.savepoint():
            transaction.append([envelope("a", 2)])
    assert store.head() == 2


def test_the_streams_that_moved_are_known(store: EventStore) -> None:
    append(store, envelope("a", 1), envelope("b", 1))
    append(store, envelope("b", 2), envelope("c", 1))
    with store.write() as transaction:
        assert transaction.streams_after(2) == {StreamId("app-b"), StreamId("app-c")}
        assert transaction.streams_after(4) == set()


def test_rows_speak_one_dialect(store: EventStore) -> None:
    with store.write() as transaction:
        rows = transaction.rows
        _note(transaction, "a")
        assert rows.execute("UPDATE note SET number = ? WHERE key = ?", (2**40, "a")) == 1
        assert rows.execute("DELETE FROM note WHERE key = ?", ("none",)) == 0
        assert rows.select("SELECT key, text, number FROM note") == [("a", None, 2**40)]
        assert rows.select("SELECT COUNT(*) FROM note WHERE key LIKE ?", ("%a%",)) == [(1,)]
        rows.execute(
            "INSERT INTO note (key, text) VALUES (?, ?) "
            "ON CONFLICT (key) DO UPDATE SET text = excluded.text",
            ("a", "ünïcode ☃ 100% of it?"),
        )
    with store.read() as rows:
        assert rows.select("SELECT text FROM note") == [("ünïcode ☃ 100% of it?",)]


def test_writers_at_once_take_turns(store: EventStore) -> None:
    barrier = threading.Barrier(6)

    def write(name: str) -> None:
        barrier.wait()
        for version in range(1, 11):
            append(store, envelope(name, version))

    threads = [threading.Thread(target=write, args=(f"w{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.position for one in store.events_after(0, 100)] == list(range(1, 61))


def test_of_two_writers_of_one_version_one_wins(store: EventStore) -> None:
    barrier, outcomes = threading.Barrier(2), list[str]()

    def write() -> None:
        barrier.wait()
        try:
            append(store, envelope("same", 1))
            outcomes.append("won")
        except StreamMoved:
            outcomes.append("lost")

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost", "won"]


def test_a_reader_sees_only_what_is_committed_and_does_not_wait(durable_url: str) -> None:
    store = open_store(durable_url)
    store.create([TABLE])
    with store.write() as transaction:
        transaction.append([envelope("a", 1)])
        _note(transaction, "a")
        with store.read() as rows:
            assert rows.select("SELECT key FROM note") == []
        assert store.events_after(0, 10) == []
    assert len(store.events_after(0, 10)) == 1
    store.close()


def test_creating_again_changes_nothing(store: EventStore) -> None:
    append(store, envelope("a", 1))
    store.create([TABLE])
    assert store.head() == 1


def test_what_is_written_is_there_when_the_store_is_opened_again(durable_url: str) -> None:
    first = open_store(durable_url)
    first.create([TABLE])
    append(first, envelope("a", 1), envelope("b", 1))
    expected = first.events_after(0, 10)
    first.close()
    again = open_store(durable_url)
    again.create([TABLE])
    assert again.events_after(0, 10) == expected
    assert append(again, envelope("a", 2)) == [3]
    again.close()


def test_every_event_is_linked_to_the_one_before(store: EventStore) -> None:
    append(store, envelope("a", 1), envelope("b", 1))
    append(store, envelope("a", 2))
    columns = "originator_id, originator_version, topic, state, position, hash"
    with store.read() as rows:
        stored = rows.select(f"SELECT {columns} FROM event_log ORDER BY position")
        head = rows.select("SELECT position, hash FROM log_head")
    previous = GENESIS
    for *parts, position, digest in stored:
        assert isinstance(position, int)
        previous = linked(previous, position, *parts)  # type: ignore[arg-type]  # a row
        assert bytes(digest) == previous  # type: ignore[arg-type]  # a column of bytes
    assert [(position, bytes(digest)) for position, digest in head] == [(3, previous)]  # type: ignore[arg-type]  # a column of bytes


@pytest.mark.parametrize("verb", ["UPDATE event_log SET topic = 'x'", "DELETE FROM event_log"])
def test_the_database_itself_forbids_changing_history(store: EventStore, verb: str) -> None:
    append(store, envelope("a", 1))
    with pytest.raises(Exception, match="history is never changed"), store.write() as transaction:
        transaction.rows.execute(verb)
    assert store.head() == 1
    assert len(store.events_after(0, 10)) == 1


def test_a_file_that_is_no_database_is_said_to_be_unavailable(tmp_path: Path) -> None:
    file = tmp_path / "doorward.db"
    file.write_text("not a database, but long enough to be taken for one" * 100)
    with pytest.raises(Unavailable, match="SQLite"):
        open_store(f"sqlite:///{file}").create([TABLE])


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="there is no folder"):
        open_store(f"sqlite:///{tmp_path / 'none' / 'doorward.db'}")


def test_a_server_that_is_not_there_is_said_to_be_unavailable_without_its_password() -> None:
    with pytest.raises(Unavailable) as caught:
        open_store("postgresql://someone:hunter2@127.0.0.1:1/doorward")
    assert "PostgreSQL" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_locked_file_fails_typed_and_loses_nothing(tmp_path: Path) -> None:
    file = tmp_path / "doorward.db"
    store = open_store(f"sqlite:///{file}")
    store.create([TABLE])
    append(store, envelope("a", 1))
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with store.read() as rows:
            assert rows.select("SELECT COUNT(*) FROM event_log") == [(1,)]
        other.execute("ROLLBACK")
    assert append(store, envelope("a", 2)) == [2]
    store.close()


def test_a_broken_connection_is_unavailable_and_the_next_try_works(postgres_url: str) -> None:
    store = open_store(postgres_url)
    store.create([TABLE])
    append(store, envelope("a", 1))
    with pytest.raises(Unavailable), store.write() as transaction:
        transaction.append([envelope("a", 2)])
        with psycopg.connect(postgres_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        transaction.load(StreamId("app-a"))
    assert append(store, envelope("a", 2)) == [2]
    store.close()


def _note(transaction: Transaction, key: str) -> None:
    transaction.rows.execute("INSERT INTO note (key) VALUES (?)", (key,))
