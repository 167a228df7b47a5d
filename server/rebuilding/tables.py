"""What a table's ``CREATE TABLE`` statement says of it: its name, its columns, its key. The statements of
this project are all the truth there is about a table, so no second list of columns can be wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+) ?\((.*)\)", re.DOTALL)
_PART = re.compile(r"(?:[^,(]|\([^)]*\))+")
_KEY = re.compile(r"PRIMARY KEY \((.*)\)")
_CONSTRAINTS = ("PRIMARY KEY", "UNIQUE", "CHECK", "FOREIGN KEY", "CONSTRAINT")


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `key` are the columns that no two rows share."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


def tables_of(statements: Iterable[str]) -> tuple[Table, ...]:
    """Return the tables that these statements create; other statements pass by."""
    return tuple(_tables(statements))


def _tables(statements: Iterable[str]) -> Iterator[Table]:
    for statement in statements:
        found = _TABLE.match(statement)
        if found is not None:
            yield _table(found[1], [part.strip() for part in _PART.findall(found[2])])


def _table(name: str, parts: list[str]) -> Table:
    columns = [part for part in parts if not part.startswith(_CONSTRAINTS)]
    keys = [found[1] for part in parts if (found := _KEY.fullmatch(part))]
    own = [column.split()[0] for column in columns if "PRIMARY KEY" in column]
    key = tuple(one.strip() for one in keys[0].split(",")) if keys else tuple(own)
    return Table(name, tuple(column.split()[0] for column in columns), key)
