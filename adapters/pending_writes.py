"""Writes of a transaction whose results nobody asks for. They wait, table by table and in their order there, until
something reads the table or the savepoint or the transaction ends; equal statements in a row then go as one.
A group of commands so writes each table a few times, not each command each table."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from domain.ports import Value

Params = Sequence[Sequence[Value]]
_TABLES = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|,)\s+(\w+)")
_KNOWN_VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


@lru_cache(maxsize=4_096)
def tables_of(sql: str) -> frozenset[str] | None:
    """Return words that the statement's tables are among; None where it may touch any."""
    if not sql.lstrip().upper().startswith(_KNOWN_VERBS):
        return None
    return frozenset(_TABLES.findall(sql))


@lru_cache(maxsize=1_024)
def _written(sql: str) -> str | None:
    """Return the table that the statement writes, None where it reads another one too."""
    verb, *words = sql.replace("(", " ").split()
    table = words[0] if verb == "UPDATE" else words[1]
    return None if re.search(r"\bSELECT\b", sql) else table


class PendingWrites:
    """The writes of one transaction that wait."""

    def __init__(self, run: Callable[[str, Params], object]) -> None:
        """`run` carries one statement out for each set of parameters."""
        self._run = run
        self._waiting: dict[str, list[tuple[str, list[Sequence[Value]]]]] = {}

    def __bool__(self) -> bool:
        """Say whether anything waits."""
        return bool(self._waiting)

    def add(self, sql: str, params: Params) -> None:
        """Let this be done later, once for each set of parameters."""
        table = _written(sql)
        if table is None:
            self.before(sql)
            self._run(sql, params)
            return
        waiting = self._waiting.setdefault(table, [])
        if waiting and waiting[-1][0] == sql:
            waiting[-1][1].extend(params)
        else:
            waiting.append((sql, list(params)))

    def before(self, sql: str) -> None:
        """Do what waits for the tables of this statement, which is about to run."""
        if not self._waiting:
            return
        tables = tables_of(sql)
        if tables is None:
            self.settle()
            return
        for table in tables & self._waiting.keys():
            self._settle(table)

    def settle(self) -> None:
        """Do all that waits."""
        while self._waiting:
            self._settle(next(iter(self._waiting)))

    def take(self) -> list[list[tuple[str, list[Sequence[Value]]]]]:
        """Return what waits, table by table, to be done by the caller."""
        waiting = [*self._waiting.values()]
        self._waiting = {}
        return waiting

    def drop(self) -> None:
        """Forget what waits: it is undone."""
        self._waiting.clear()

    def _settle(self, table: str) -> None:
        for sql, params in self._waiting.pop(table):
            self._run(sql, params)
