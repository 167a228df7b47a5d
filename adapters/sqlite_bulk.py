"""The `Bulk` port on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any, cast

from adapters import log_table
from domain.bulk import Column
from domain.chain import Link


class SQLiteBulk:
    """Whole tables over one cursor. A scan has a cursor of its own on the same connection, so that
    statements may be run while it goes on."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    def scan(self, table: str, columns: Sequence[str]) -> Iterator[tuple[Column, ...]]:
        """Yield all rows."""
        yield from self._scan(f"SELECT {', '.join(columns)} FROM {table}")

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Column]]) -> None:
        """Add rows."""
        marks = ", ".join("?" * len(columns))
        self._cursor.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows
        )

    def log_end(self) -> tuple[int, bytes]:
        """Return where the log says that it ends."""
        found = self._cursor.execute(log_table.SELECT_HEAD).fetchone()
        return cast("tuple[int, bytes]", found)

    def links(self) -> Iterator[Link]:
        """Yield the log as it is stored, in order."""
        return cast("Iterator[Link]", self._scan(log_table.SELECT_ALL_LINKS))

    def load_log(self, links: Iterable[Link], position: int, digest: bytes) -> None:
        """Store a log as it was stored elsewhere."""
        self._cursor.executemany(log_table.INSERT_EVENT, links)
        self._cursor.execute(log_table.UPDATE_HEAD, (position, digest))

    def _scan(self, sql: str) -> Iterator[tuple[Any, ...]]:
        with closing(self._cursor.connection.cursor()) as scanning:
            yield from scanning.execute(sql)
