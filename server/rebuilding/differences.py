"""In which rows two states of a table differ, whatever the order in which their databases give them, and
without either having to fit in memory: sums over all rows tell whether they differ at all, and where they
do, each row is looked up on the other side by its key."""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from domain.ports import Row, Rows
from projections.columns import number
from server.rebuilding.tables import Table

LOOKED_UP = 500
"""Rows that are looked up in one statement."""
MOST_KEYS = 10_000
"""Keys of rows that are remembered; where more differ, it is the whole table that does."""

One = TypeVar("One")


@dataclass(frozen=True, slots=True)
class Difference:
    """A table of a read model with rows that are not what the log says: how many they are, and the keys
    of the first `MOST_KEYS`."""

    read_model: str
    table: Table
    rows: int
    keys: tuple[Row, ...]

    @property
    def whole(self) -> bool:
        """Whether there are more than are known by their keys."""
        return self.rows > len(self.keys)

    def __str__(self) -> str:
        """Say it in words, with the first row's key."""
        at = ", ".join(f"{k} {v!r}" for k, v in zip(self.table.key, self.keys[0], strict=True))
        return f"{self.read_model}: table {self.table.name}: rows {self.rows:,}, the first {at}"


def difference(read_model: str, table: Table, live: Rows, built: Rows) -> Difference | None:
    """Return in which rows a live table is not what was built; None where it is."""
    if _sum(table, live) == _sum(table, built):
        return None
    keys: list[Row] = []
    count = 0
    for key in _differing(table, live, built):
        count += 1
        if len(keys) < MOST_KEYS:
            keys.append(key)
    return Difference(read_model, table, count, tuple(keys)) if count else None


def _sum(table: Table, rows: Rows) -> tuple[int, int]:
    """Return how many rows there are, and the sum of their hashes. Python keys its hash of bytes anew in
    each process, so nobody who writes to the database can aim at a sum."""
    count = total = 0
    for row in rows.bulk.scan(table.name, table.columns):
        count += 1
        # The second version of the format knows no references: equal rows are equal bytes.
        total += hash(marshal.dumps(row, 2))
    return count, total


def _differing(table: Table, live: Rows, built: Rows) -> Iterator[Row]:
    known = 0
    for chunk in in_chunks(live.bulk.scan(table.name, table.columns)):
        there = keyed(table, chunk)
        right = look_up(built, table, list(there))
        known += len(right)
        yield from (key for key, row in there.items() if right.get(key) != row)
    if known == number(built.select(f"SELECT COUNT(*) FROM {table.name}")[0][0]):
        return
    for chunk in in_chunks(built.bulk.scan(table.name, table.columns)):
        wanted = keyed(table, chunk)
        there = look_up(live, table, list(wanted))
        yield from (key for key in wanted if key not in there)


def look_up(rows: Rows, table: Table, keys: Sequence[Row]) -> dict[Row, Row]:
    """Return the rows that have these keys, by key."""
    found: dict[Row, Row] = {}
    for chunk in in_chunks(keys):
        mark = f"({', '.join('?' * len(table.key))})"
        sql = (
            f"SELECT {', '.join(table.columns)} FROM {table.name} WHERE ({', '.join(table.key)}) "
            f"IN (VALUES {', '.join([mark] * len(chunk))})"
        )
        found |= keyed(table, rows.select(sql, [value for key in chunk for value in key]))
    return found


def keyed(table: Table, rows: Iterable[Row]) -> dict[Row, Row]:
    """Return rows of a table by their keys."""
    places = [table.columns.index(column) for column in table.key]
    return {tuple([row[place] for place in places]): row for row in rows}


def in_chunks(many: Iterable[One], size: int = LOOKED_UP) -> Iterator[list[One]]:
    """Yield these in lists of at most `size`."""
    source = iter(many)
    while chunk := list(islice(source, size)):
        yield chunk
