"""Connections that read a SQLite file. The one given back last is taken first: its pages and statements are those
that were just in use. A read costs a third of what the library's pool takes for it, which has to keep
writers and readers of one memory apart."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import BoundedSemaphore
from typing import TypeVar

from domain.ports import Unavailable

Opened = TypeVar("Opened")
PATIENCE_SECONDS = 5.0
"""The longest wait for a connection."""
MOST = 40
"""Most reads at once."""


class Readers:
    """Connections of one file."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._free = BoundedSemaphore(MOST)
        self._kept: deque[sqlite3.Connection] = deque()
        self._closed = False

    def take(self) -> sqlite3.Cursor:
        """Begin a read; raises `Unavailable` if too many are under way."""
        if not self._free.acquire(timeout=PATIENCE_SECONDS):
            raise Unavailable("SQLite: too many queries are under way; try again in a moment")
        try:
            cursor = self._kept_or_new().cursor()
            cursor.execute("BEGIN")
        except BaseException:
            self._free.release()
            raise
        return cursor

    def _kept_or_new(self) -> sqlite3.Connection:
        try:
            return self._kept.pop()
        except IndexError:
            return self._connect()

    def give_back(self, cursor: sqlite3.Cursor) -> None:
        """End a read."""
        connection = cursor.connection
        try:
            # While the connection is still ours: closed later, it may be another thread's already.
            cursor.close()
            connection.rollback()
            if self._closed:
                connection.close()
            else:
                self._kept.append(connection)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close those that are kept, and keep none from now on."""
        self._closed = True
        while self._kept:
            self._kept.pop().close()


class Reading(AbstractContextManager[Opened]):
    """A consistent read, for as long as the block lasts."""

    __slots__ = ("_cursor", "_named", "_opened", "_readers")

    def __init__(
        self,
        readers: Readers,
        opened: Callable[[sqlite3.Cursor], Opened],
        named: Callable[[Exception], Exception | None],
    ) -> None:
        """`opened` makes of a cursor what the block gets; `named` gives faults the port's names."""
        self._readers = readers
        self._opened = opened
        self._named = named

    def __enter__(self) -> Opened:
        """Begin."""
        try:
            self._cursor = self._readers.take()
        except Exception as fault:
            # A connection that cannot be made is the library's fault, not SQLite's.
            named = self._named(fault)
            if named is None:
                raise
            raise named from fault
        return self._opened(self._cursor)

    def __exit__(self, _kind: object, fault: BaseException | None, _trace: object) -> None:
        """End."""
        try:
            self._readers.give_back(self._cursor)
        except sqlite3.Error as failed:
            if fault is None:
                raise (self._named(failed) or failed) from failed
        named = self._named(fault) if isinstance(fault, Exception) else None
        if named is not None:
            raise named from fault
