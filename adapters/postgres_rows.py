"""The `Rows` port on PostgreSQL. Each statement is a journey to the server, so writes without a result
travel together (`PendingWrites`), and the rows of an INSERT as one array for each column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, cast

import psycopg

from adapters.pending_writes import PendingWrites
from adapters.postgres_bulk import PostgresBulk
from adapters.postgres_postings import PostgresPostings
from adapters.postgres_statements import PgCursor, run
from domain.ports import Row, RowConflict, StreamMoved, Unavailable, Value
from domain.values import StreamId

LOG = "event_log"
_VALUES = re.compile(r"VALUES \((?:\?, )*\?\)")
_ARRAYS = {str: "text[]", int: "bigint[]", float: "float8[]", bytes: "bytea[]"}
_UPSERT = re.compile(r"INSERT INTO \w+ \(([^)]*)\).* ON CONFLICT \(([^)]*)\) DO UPDATE", re.DOTALL)


def unavailable(fault: Exception) -> Unavailable:
    """Return what the port calls a fault of the database, in one line: libpq's have hints under them. Where
    one brought about another, the first tells why."""
    while isinstance(fault.__context__, psycopg.Error):
        fault = fault.__context__
    return Unavailable(f"PostgreSQL: {' '.join(str(fault).split())}")


@contextmanager
def translated() -> Iterator[None]:
    """Give faults the port's names. Writes may come late, so the table tells what they were about."""
    try:
        yield
    except psycopg.IntegrityError as fault:
        if fault.diag.table_name == LOG:
            raise StreamMoved(StreamId(str(fault.diag.message_detail))) from fault
        raise RowConflict(str(fault)) from fault
    except psycopg.OperationalError as fault:
        raise unavailable(fault) from fault


def at_once(
    sql: str, params: Sequence[Sequence[object]]
) -> Iterator[tuple[str, Sequence[object]]]:
    """Yield the statements that do the same as `sql` done once for each set of parameters: an INSERT
    takes all rows in one, a column as an array, at a fraction of the cost. A column of such an INSERT holds
    one type, and nulls."""
    if len(params) == 1 or _VALUES.search(sql) is None:
        yield from ((sql, one) for one in params)
        return
    yield from (_as_arrays(sql, rows) for rows in _apart(sql, params))


def in_one(writes: Sequence[tuple[str, Sequence[Sequence[object]]]]) -> tuple[str, list[object]]:
    """Return one statement that does these INSERTs, each into a table of its own. To follow with a statement
    proper, of which they are the first parts."""
    parts: list[str] = []
    given: list[object] = []
    for sql, rows in writes:
        statement, params = _as_arrays(sql, rows)
        parts.append(f"w{len(parts)} AS ({statement})")
        given += params
    return f"WITH {', '.join(parts)} " if parts else "", given


def is_one_insert(sql: str, rows: Sequence[Sequence[object]]) -> bool:
    """Say whether one statement can do this for all rows."""
    return _VALUES.search(sql) is not None and len(list(_apart(sql, rows))) == 1


def _as_arrays(sql: str, rows: Sequence[Sequence[object]]) -> tuple[str, Sequence[object]]:
    columns = list(zip(*rows, strict=True))
    kinds = tuple(_ARRAYS.get(_kind(column), "") for column in columns)
    given = [_array(column, kind) for column, kind in zip(columns, kinds, strict=True) if kind]
    return _unnested(sql, kinds), given


def _array(column: Sequence[Any], kind: str) -> str:
    """Return a column as the text of an array (PostgreSQL 8.15.2): a tenth of the cost of the driver's."""
    if kind == "text[]":
        quoted = (_quoted(one) for one in column)
    elif kind == "bytea[]":
        quoted = (f'"\\\\x{one.hex()}"' if one is not None else "NULL" for one in column)
    else:
        quoted = ("NULL" if one is None else repr(one) for one in column)
    return f"{{{','.join(quoted)}}}"


def _quoted(text: str | None) -> str:
    if text is None:
        return "NULL"
    plain = str(text)
    if '"' in plain or "\\" in plain:
        plain = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


@lru_cache(maxsize=1_024)
def _unnested(sql: str, kinds: tuple[str, ...]) -> str:
    """Return the INSERT from arrays; a column of nulls alone is none, since it has no type."""
    names = [f"c{place}" for place in range(len(kinds))]
    values = ", ".join(name if kind else "NULL" for name, kind in zip(names, kinds, strict=True))
    given = [(name, kind) for name, kind in zip(names, kinds, strict=True) if kind]
    arrays = ", ".join(f"?::{kind}" for _, kind in given)
    source = f"unnest({arrays}) AS one ({', '.join(name for name, _ in given)})"
    # Without WHERE the ON of ON CONFLICT would be that of a join.
    return _VALUES.sub(f"SELECT {values} FROM {source} WHERE TRUE", sql, count=1)


def _apart(sql: str, rows: Sequence[Sequence[object]]) -> Iterator[Sequence[Sequence[object]]]:
    """Yield the rows in parts that may go in one statement: an upsert may meet a row once."""
    upsert = _UPSERT.search(sql)
    if upsert is None:
        yield rows
        return
    names = [one.strip() for one in upsert[1].split(",")]
    places = [names.index(one.strip()) for one in upsert[2].split(",")]
    part: dict[tuple[object, ...], Sequence[object]] = {}
    for row in rows:
        key = tuple(row[place] for place in places)
        if key in part:
            yield list(part.values())
            part = {}
        part[key] = row
    yield list(part.values())


def _kind(column: Sequence[object]) -> type:
    one = next((one for one in column if one is not None), None)
    return str if isinstance(one, str) else type(one)


class PostgresRows:
    """Rows over one cursor, to be read."""

    def __init__(self, cursor: PgCursor) -> None:
        self._cursor = cursor
        self._postings = PostgresPostings(cursor)
        self._bulk = PostgresBulk(cursor)
        self.executed = 0
        self.pending = PendingWrites(self._run_each)

    @property
    def postings(self) -> PostgresPostings:
        """The inverted index beside the tables."""
        self.settle()
        self.executed += 1
        return self._postings

    @property
    def bulk(self) -> PostgresBulk:
        """The tables as a whole."""
        self.settle()
        self.executed += 1
        return self._bulk

    def execute(self, sql: str, params: Sequence[Value] = ()) -> int:
        """Run a statement; return the number of rows it touched."""
        self.executed += 1
        with translated():
            self.pending.before(sql)
            return run(self._cursor, sql, params).rowcount

    def execute_many(self, sql: str, params: Sequence[Sequence[Value]]) -> None:
        """Run a statement once for each set of parameters, sooner or later."""
        if params:
            self.executed += 1
            with translated():
                self.pending.add(sql, params)

    def select(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run a query; return all its rows."""
        with translated():
            self.pending.before(sql)
            return run(self._cursor, sql, params).fetchall()

    def select_now(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run a query that what waits does not concern."""
        with translated():
            return run(self._cursor, sql, params).fetchall()

    def settle(self) -> None:
        """Do what waits to be done."""
        if self.pending:
            with translated():
                self.pending.settle()

    def finish(self, last: str, params: Sequence[object]) -> None:
        """Do what waits and then this statement; as far as possible all in one."""
        with translated():
            whole: list[tuple[str, Sequence[Sequence[Value]]]] = []
            for writes in self.pending.take():
                if len(writes) == 1 and is_one_insert(*writes[0]):
                    whole.append(writes[0])
                    continue
                for sql, rows in writes:
                    self._run_each(sql, rows)
            first, given = in_one(whole)
            run(self._cursor, first + last, (*given, *params))

    def _run_each(self, sql: str, params: Sequence[Sequence[Value]]) -> None:
        for statement, given in at_once(sql, params):
            run(self._cursor, statement, cast("Sequence[Any]", given))
