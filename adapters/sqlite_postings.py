"""The `Postings` port on SQLite: FTS5 without content and without positions, beside it a narrow table
of what hits are filtered by. It needs nothing newer than SQLite 3.38."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from adapters.posting_terms import encoded, expression
from domain.postings import COLLECTIONS, Group, Posting

SCHEMA = tuple(
    statement
    for name in COLLECTIONS
    for statement in (
        f"CREATE VIRTUAL TABLE IF NOT EXISTS posting_{name} USING fts5(terms, content='', "
        "detail=none, columnsize=0, tokenize=\"unicode61 remove_diacritics 0 tokenchars '_'\")",
        f"CREATE TABLE IF NOT EXISTS posted_{name} ("
        "number INTEGER PRIMARY KEY, audience INTEGER NOT NULL)",
    )
)


class SQLitePostings:
    """The index over one cursor."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    def put(self, collection: str, postings: Sequence[Posting]) -> None:
        """Add documents whose numbers are not there."""
        self._cursor.executemany(
            f"INSERT INTO posted_{collection} (number, audience) VALUES (?, ?)",
            [(one.number, one.audience) for one in postings],
        )
        self._cursor.executemany(
            f"INSERT INTO posting_{collection} (rowid, terms) VALUES (?, ?)",
            # In order: FTS5 writes out what it holds in memory whenever a number goes down.
            sorted((one.number, _text(one)) for one in postings),
        )

    def remove(self, collection: str, postings: Sequence[Posting]) -> None:
        """Take documents out, given just as they were put in."""
        self._cursor.executemany(
            f"DELETE FROM posted_{collection} WHERE number = ?",
            [(one.number,) for one in postings],
        )
        table = f"posting_{collection}"
        self._cursor.executemany(
            f"INSERT INTO {table} ({table}, rowid, terms) VALUES ('delete', ?, ?)",
            sorted((one.number, _text(one)) for one in postings),
        )

    def clear(self, collection: str) -> None:
        """Take all documents out."""
        table = f"posting_{collection}"
        self._cursor.execute(f"INSERT INTO {table} ({table}) VALUES ('delete-all')")
        self._cursor.execute(f"DELETE FROM posted_{collection}")

    def find(
        self,
        collection: str,
        groups: Sequence[Group],
        seen: Sequence[int] | None,
        limit: int,
        *,
        common: bool = False,
    ) -> list[int]:
        """Return the numbers of up to `limit` documents; see the port. FTS5 finds in order anyway."""
        del common
        match = expression(groups, " AND ", " OR ", '"')
        narrowed = "" if seen is None else _seen(collection, seen)
        found = self._cursor.execute(
            f"SELECT t.rowid FROM posting_{collection} t {narrowed} "
            f"WHERE posting_{collection} MATCH ? ORDER BY t.rowid LIMIT ?",
            (match, limit),
        )
        return [number for (number,) in found.fetchall()]


def _seen(collection: str, seen: Sequence[int]) -> str:
    """Return the join that lets through the documents that may be shown; each hit is looked up."""
    audiences = ", ".join(map(str, seen))
    return (
        f"CROSS JOIN posted_{collection} d ON d.number = t.rowid AND d.audience IN ({audiences})"
    )


def _text(posting: Posting) -> str:
    return " ".join(map(encoded, posting.terms))
