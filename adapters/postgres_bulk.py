"""The `Bulk` port on PostgreSQL: rows come over a cursor of the server's and go in by ``COPY``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Any, cast

from adapters import log_table
from adapters.postgres_statements import PgCursor, run
from domain.bulk import Column
from domain.chain import Link

AT_ONCE = 2_000
"""Rows that a scan fetches at a time."""

_numbers = count(1)


class PostgresBulk:
    """Whole tables over one cursor. A scan has a cursor of its own on the same connection, so that
    statements may be run while it goes on."""

    def __init__(self, cursor: PgCursor) -> None:
        self._cursor = cursor

    def scan(self, table: str, columns: Sequence[str]) -> Iterator[tuple[Column, ...]]:
        """Yield all rows."""
        yield from self._scan(f"SELECT {', '.join(columns)} FROM {table}")

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Column]]) -> None:
        """Add rows."""
        self._copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN", rows)

    def log_end(self) -> tuple[int, bytes]:
        """Return where the log says that it ends."""
        return cast("tuple[int, bytes]", run(self._cursor, log_table.SELECT_HEAD).fetchone())

    def links(self) -> Iterator[Link]:
        """Yield the log as it is stored, in order."""
        return cast("Iterator[Link]", self._scan(log_table.SELECT_ALL_LINKS))

    def load_log(self, links: Iterable[Link], position: int, digest: bytes) -> None:
        """Store a log as it was stored elsewhere."""
        self._copy(f"COPY event_log (position, {log_table.COLUMNS}, hash) FROM STDIN", links)
        run(self._cursor, log_table.UPDATE_HEAD, (position, digest))

    def _scan(self, sql: str) -> Iterator[tuple[Any, ...]]:
        with self._cursor.connection.cursor(name=f"scan_{next(_numbers)}") as scanning:
            scanning.itersize = AT_ONCE
            scanning.execute(cast("Any", sql))
            yield from scanning

    def _copy(self, sql: str, rows: Iterable[Sequence[Column]]) -> None:
        with self._cursor.copy(cast("Any", sql)) as copying:
            for row in rows:
                copying.write_row(row)
