"""What is asked all day is found by an index, on both databases: no query and no command goes through a table
that grows with the years. The statements are those that the code itself runs, and the plans are the
databases' own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from adapters.log_table import SELECT_LINKS, SELECT_STREAM_RECORDED, SELECT_STREAMS_AFTER
from adapters.open_store import open_store
from domain.ports import EventStore, Row, Rows, Transaction, Value
from domain.values import FamilyId, PersonId
from server.oauth import rotation_grace, token_rows
from server.sign_in import sessions
from tests.bench import grown_store
from tests.bench.growth import COMMANDS, QUERIES, Grown

SIZE = 6_000
GROWING = (
    "event_log",
    "access_request",
    "access_request_part",
    "access_request_item",
    "request_history",
    "asked_person",
    "audit_event",
    "audit_person",
    "audit_request",
    "idempotency_key",
    "access_token",
    "token_family",
    "refresh_token",
    "consent",
    "person",
)
"""Tables that have the more rows the longer a company uses Doorward."""
_SEQ_SCAN = re.compile(r"Seq Scan on (\w+)")
_NAMED = re.compile(r"\b(?:FROM|JOIN|UPDATE|,)\s+(\w+)(?:\s+(?:AS\s+)?(\w+))?")
_SCANNED = re.compile(r"SCAN (\w+)$")


class Watched:
    """Rows that have every statement explained before it runs."""

    def __init__(self, rows: Rows, explain: Callable[[Rows, str, Sequence[Value]], None]) -> None:
        self._rows = rows
        self._explain = explain

    def select(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        self._explain(self._rows, sql, params)
        return self._rows.select(sql, params)

    def execute(self, sql: str, params: Sequence[Value] = ()) -> int:
        self._explain(self._rows, sql, params)
        return self._rows.execute(sql, params)

    def execute_many(self, sql: str, params: Sequence[Sequence[Value]]) -> None:
        for one in params[:1]:
            self._explain(self._rows, sql, one)
        self._rows.execute_many(sql, params)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)


class WatchedTransaction:
    """A write transaction with such rows."""

    def __init__(self, transaction: Transaction, rows: Watched) -> None:
        self._transaction = transaction
        self.rows = rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transaction, name)


def no_scan_on_sqlite(rows: Rows, sql: str, params: Sequence[Value]) -> None:
    if sql.startswith("INSERT") and "SELECT" not in sql:
        return
    names = {alias or table: table for table, alias in _NAMED.findall(sql)}
    names |= {table: table for table, _ in _NAMED.findall(sql)}
    for *_, detail in rows.select(f"EXPLAIN QUERY PLAN {sql}", params):
        scanned = _SCANNED.match(str(detail))
        assert scanned is None or names.get(scanned[1], "") not in GROWING, f"{detail!r}: {sql}"


def no_scan_on_postgres(rows: Rows, sql: str, params: Sequence[Value]) -> None:
    for (line,) in rows.select(f"EXPLAIN {sql}", params):
        scanned = _SEQ_SCAN.search(str(line))
        assert scanned is None or scanned[1] not in GROWING, f"{line!r}: {sql}"


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def grown(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[EventStore, Callable[[Rows, str, Sequence[Value]], None]]]:
    """A store with a history, and what explains its statements."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('grown') / 'doorward.db'}"
        grown_store.grow(url, SIZE)
    else:
        server = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE grown")
        parts = psycopg.conninfo.conninfo_to_dict(server)
        url = f"postgresql:///grown?host={parts['host']}&user={parts['user']}"
        grown_store.grow(url, SIZE)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        # So that a table which is short in this test is gone through only where no index helps.
        url += "&options=-c%20enable_seqscan%3Doff"
    store = open_store(url)
    yield store, no_scan_on_sqlite if request.param == "sqlite" else no_scan_on_postgres
    store.close()


Explained = tuple[EventStore, Callable[[Rows, str, Sequence[Value]], None]]


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_goes_through_a_table_that_grows(grown: Explained, name: str) -> None:
    store, explain = grown
    number = SIZE - SIZE % grown_store.TOKENS_EVERY - grown_store.TOKENS_EVERY
    person = grown_store.Company(SIZE).requester(number)
    with store.read() as rows:
        QUERIES[name](Watched(rows, explain), person, number)


def test_no_command_goes_through_a_table_that_grows(grown: Explained) -> None:
    store, explain = grown
    one = Grown(WatchedStore(store, explain), SIZE)
    assert one.submit() > 0
    assert one.decide() > 0


class WatchedStore:
    """A store whose transactions are watched."""

    def __init__(
        self, store: EventStore, explain: Callable[[Rows, str, Sequence[Value]], None]
    ) -> None:
        self._store = store
        self._explain = explain

    def write(self) -> Any:
        return _Writing(self._store.write(), self._explain)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class _Writing:
    def __init__(self, opened: Any, explain: Callable[[Rows, str, Sequence[Value]], None]) -> None:
        self._opened = opened
        self._explain = explain

    def __enter__(self) -> WatchedTransaction:
        transaction = self._opened.__enter__()
        return WatchedTransaction(transaction, Watched(transaction.rows, self._explain))

    def __exit__(self, *fault: object) -> Any:
        return self._opened.__exit__(*fault)


@pytest.mark.parametrize(
    ("sql", "params"),
    [
        (SELECT_STREAM_RECORDED, ("access_request-x",)),
        (SELECT_STREAMS_AFTER, (SIZE * 5,)),
        (SELECT_LINKS, (SIZE, 10)),
    ],
)
def test_the_log_is_read_by_its_positions_and_streams(
    grown: Explained, sql: str, params: tuple[Value, ...]
) -> None:
    store, explain = grown
    with store.read() as rows:
        explain(rows, sql, params)


def test_what_expires_is_found_without_looking_at_what_does_not(grown: Explained) -> None:
    """These tables are short in this test, where PostgreSQL would be right to go through them: SQLite, which
    knows no numbers, tells whether there is an index."""
    store, explain = grown
    if explain is not no_scan_on_sqlite:
        return
    now, family = datetime(2030, 1, 1, tzinfo=UTC), FamilyId("family")

    def watched(rows: Rows, sql: str, params: Sequence[Value]) -> None:
        if not sql.startswith("INSERT"):
            plan = rows.select(f"EXPLAIN QUERY PLAN {sql}", params)
            assert all("SEARCH" in str(detail) for *_, detail in plan), f"{plan}: {sql}"

    with pytest.raises(ZeroDivisionError), store.write() as transaction:
        rows: Any = Watched(transaction.rows, watched)
        token_rows.store_access_token(rows, "token", family, (), now)
        token_rows.store_code(rows, "code", token_rows.CodeRow(family, "", ""), now)
        sessions.open_session(rows, "session", PersonId("p"), now)
        sessions.close_sessions_of(rows, PersonId("p"))
        rotation_grace.seal(rows, "retired", "successor", now, timedelta())
        rows.execute("DELETE FROM authorization_request WHERE expires_at < ?", ("2000",))
        rows.execute("DELETE FROM pending_sign_in WHERE expires_at < ?", ("2000",))
        raise ZeroDivisionError


def test_a_scan_would_be_seen(grown: Explained) -> None:
    store, explain = grown
    with pytest.raises(AssertionError, match="request_history"), store.read() as rows:
        explain(rows, "SELECT 1 FROM request_history WHERE words_of = ?", ("p",))
    assert COMMANDS > 1
