"""Writes without a result may come late. Nobody sees that they do: not who reads, and not who has to be told
that they failed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import StrEnum

import pytest

from adapters.open_store import open_store
from adapters.pending_writes import PendingWrites, tables_of
from domain.ports import EventStore, Row, RowConflict, Rows, StreamMoved, Transaction
from domain.values import StreamId
from tests.contracts.test_event_store import append, envelope

TABLES = (
    "CREATE TABLE IF NOT EXISTS note (key TEXT PRIMARY KEY, text TEXT, number BIGINT)",
    "CREATE TABLE IF NOT EXISTS mark (name TEXT NOT NULL, key TEXT NOT NULL, number BIGINT, "
    "PRIMARY KEY (name, key))",
)
NOTE = "INSERT INTO note (key, text, number) VALUES (?, ?, ?)"
MARK = (
    "INSERT INTO mark (name, key, number) VALUES (?, ?, ?) "
    "ON CONFLICT (name, key) DO UPDATE SET number = excluded.number"
)


class Colour(StrEnum):
    """Texts that are more than texts."""

    RED = "red"


@pytest.fixture
def store(database_url: str) -> Iterator[EventStore]:
    opened = open_store(database_url)
    opened.create(TABLES)
    yield opened
    opened.close()


def notes(rows: Rows) -> list[Row]:
    return rows.select("SELECT key, text, number FROM note ORDER BY key")


def test_what_is_written_late_is_there_for_whoever_reads_the_table(store: EventStore) -> None:
    with store.write() as transaction:
        rows = transaction.rows
        rows.execute_many(NOTE, [("a", None, None), ("b", "words", 2)])
        assert notes(rows) == [("a", None, None), ("b", "words", 2)]
        rows.execute_many("UPDATE note SET text = ? WHERE key = ?", [("new", "a"), ("old", "b")])
        rows.execute_many("DELETE FROM note WHERE key = ?", [("b",)])
        rows.execute_many(NOTE, [("b", Colour.RED, 2**40)])
        assert rows.execute("UPDATE note SET number = ? WHERE key = ?", (7, "b")) == 1
        rows.execute_many("DELETE FROM note WHERE key = ?", [("a",)])
    with store.read() as rows:
        assert notes(rows) == [("b", "red", 7)]


def test_nulls_and_rows_that_are_met_twice_are_no_matter(store: EventStore) -> None:
    with store.write() as transaction:
        transaction.rows.execute_many(NOTE, [("a", None, None), ("b", None, 1), ("c", None, None)])
        transaction.rows.execute_many(MARK, [("x", "y", 1), ("x", "z", None), ("x", "y", 2)])
        transaction.rows.execute_many(MARK, [("x", "y", 3)])
    with store.read() as rows:
        assert notes(rows) == [("a", None, None), ("b", None, 1), ("c", None, None)]
        marks = rows.select("SELECT key, number FROM mark ORDER BY key")
        assert marks == [("y", 3), ("z", None)]


def test_texts_come_back_as_they_were_whatever_stands_in_them(store: EventStore) -> None:
    odd = ["", "NULL", '"', "\\", '\\"', "{a,b}", "it's, 100% of it?", "a\nb\tc", "ünïcode ☃", " "]
    with store.write() as transaction:
        params = [(f"{place}", text, -place) for place, text in enumerate(odd)]
        transaction.rows.execute_many(NOTE, params)
    with store.read() as rows:
        assert sorted(notes(rows)) == sorted(params)


def test_a_bundle_of_writes_to_many_tables_is_done_whole(store: EventStore) -> None:
    """New rows of several tables, rows that change, and events, all waiting when the transaction ends."""
    with store.write() as transaction:
        rows = transaction.rows
        transaction.append([envelope("a", 1), envelope("b", 1)])
        rows.execute_many(NOTE, [("a", "x", 1), ("b", None, None)])
        rows.execute_many(MARK, [("x", "y", 1)])
        rows.execute_many("UPDATE mark SET number = ? WHERE name = ?", [(5, "x")])
        transaction.append([envelope("a", 2)])
    with store.read() as rows:
        assert notes(rows) == [("a", "x", 1), ("b", None, None)]
        assert rows.select("SELECT number FROM mark") == [(5,)]
    assert [one.position for one in store.events_after(0, 9)] == [1, 2, 3]
    with pytest.raises(StreamMoved), store.write() as transaction:
        _note(transaction, "c")
        transaction.append([envelope("a", 2)])
    with store.read() as rows:
        assert len(notes(rows)) == 2, "what came with it is undone as well"


def test_no_rows_at_all_write_nothing(store: EventStore) -> None:
    with store.write() as transaction:
        before = transaction.touched
        transaction.rows.execute_many(NOTE, [])
        assert transaction.touched == before


def test_a_conflict_is_told_at_the_latest_when_the_transaction_ends(store: EventStore) -> None:
    with pytest.raises(RowConflict), store.write() as transaction:
        transaction.rows.execute_many(NOTE, [("a", None, None)])
        transaction.rows.execute_many(NOTE, [("a", None, None)])
    with store.write() as transaction:
        assert notes(transaction.rows) == []


def test_a_conflict_undoes_the_savepoint_that_it_belongs_to_and_no_other(
    store: EventStore,
) -> None:
    append(store, envelope("a", 1))
    with store.write() as transaction:
        _note(transaction, "kept")
        with pytest.raises(RowConflict), transaction.savepoint():
            _note(transaction, "undone")
            _note(transaction, "kept")
        with pytest.raises(StreamMoved), transaction.savepoint():
            _note(transaction, "undone as well")
            transaction.append([envelope("a", 1)])
        with contextlib.suppress(ZeroDivisionError), transaction.savepoint():
            _note(transaction, "never written")
            raise ZeroDivisionError
        with transaction.savepoint():
            _note(transaction, "last")
            transaction.append([envelope("a", 2)])
        assert transaction.head == 2
    with store.read() as rows:
        assert [row[0] for row in notes(rows)] == ["kept", "last"]
    assert [one.position for one in store.events_after(0, 9)] == [1, 2]


def test_a_transaction_finds_what_it_has_appended(store: EventStore) -> None:
    with store.write() as transaction:
        transaction.append([envelope("a", 1)])
        transaction.append([envelope("b", 1)])
        assert len(transaction.load(StreamId("app-a"))) == 1
        assert [one.position for one in transaction.events_after(0, 9)] == [1, 2]
        transaction.append([envelope("a", 2)])
        assert transaction.streams_after(2) == {StreamId("app-a")}
        assert [one.envelope.version for one in transaction.load(StreamId("app-a"))] == [1, 2]


def test_tables_keep_their_order_and_equal_statements_go_together() -> None:
    done: list[tuple[str, int]] = []
    writes = PendingWrites(lambda sql, params: done.append((sql, len(params))))
    add, delete = "INSERT INTO a (x) VALUES (?)", "DELETE FROM a WHERE x = ?"
    other, from_other = "UPDATE b SET x = ?", "DELETE FROM c WHERE x IN (SELECT x FROM b)"
    writes.add(add, [(1,)])
    writes.add(other, [(1,)])
    writes.add(add, [(2,)])
    writes.add(delete, [(1,)])
    writes.add(add, [(3,)])
    writes.before("SELECT 1 FROM c JOIN d ON c.x = d.x")
    assert done == []
    writes.before("SELECT 1 FROM c WHERE x IN (SELECT x FROM a)")
    assert done == [(add, 2), (delete, 1), (add, 1)]
    writes.add(from_other, [()])
    assert done[3:] == [(other, 1), (from_other, 1)]
    writes.add(add, [(4,)])
    writes.before("DROP TABLE IF EXISTS whatever")
    assert done[5:] == [(add, 1)]


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT x FROM a, b WHERE y", {"a", "b"}),
        ("SELECT x FROM a t JOIN b u ON 1 = 1", {"a", "b"}),
        ("WITH w AS (SELECT x FROM a) SELECT x FROM w", {"a", "w"}),
        ("INSERT INTO a (x) SELECT x FROM b", {"a", "b"}),
    ],
)
def test_no_table_of_a_statement_is_overlooked(sql: str, tables: set[str]) -> None:
    found = tables_of(sql)
    assert found is not None
    assert tables <= found


def _note(transaction: Transaction, key: str) -> None:
    transaction.rows.execute_many(NOTE, [(key, None, None)])
