"""The `Postings` port on PostgreSQL: a tsvector of our own words under a GIN index, without a text
search configuration and without an extension, so that it holds the very terms that SQLite holds."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.postgres_statements import PgCursor, run
from adapters.posting_terms import encoded, expression
from domain.postings import COLLECTIONS, Group, Posting

SCHEMA = tuple(
    statement
    for name in COLLECTIONS
    for statement in (
        f"CREATE TABLE IF NOT EXISTS posting_{name} (number BIGINT PRIMARY KEY, "
        "audience BIGINT NOT NULL, terms TSVECTOR NOT NULL)",
        f"CREATE INDEX IF NOT EXISTS posting_{name}_terms ON posting_{name} "
        "USING GIN (terms) WITH (fastupdate = off)",
    )
)


class PostgresPostings:
    """The index over one cursor."""

    def __init__(self, cursor: PgCursor) -> None:
        self._cursor = cursor

    def put(self, collection: str, postings: Sequence[Posting]) -> None:
        """Add documents whose numbers are not there."""
        run(
            self._cursor,
            f"INSERT INTO posting_{collection} (number, audience, terms) "
            "SELECT number, audience, terms::tsvector "
            "FROM unnest(?::bigint[], ?::bigint[], ?::text[]) AS one (number, audience, terms)",
            (
                [one.number for one in postings],
                [one.audience for one in postings],
                [_vector(one) for one in postings],
            ),
        )

    def remove(self, collection: str, postings: Sequence[Posting]) -> None:
        """Take documents out, given just as they were put in."""
        numbers = [one.number for one in postings]
        sql = f"DELETE FROM posting_{collection} WHERE number = ANY(?)"
        run(self._cursor, sql, (numbers,))

    def clear(self, collection: str) -> None:
        """Take all documents out."""
        run(self._cursor, f"DELETE FROM posting_{collection}")

    def find(
        self,
        collection: str,
        groups: Sequence[Group],
        seen: Sequence[int] | None,
        limit: int,
        *,
        common: bool = False,
    ) -> list[int]:
        """Return the numbers of up to `limit` documents; see the port."""
        if common:
            # The planner cannot know it: what it expects of a query of many words is far from true.
            run(self._cursor, "SET LOCAL enable_bitmapscan = off")
        match = expression(groups, " & ", " | ", "'")
        found = run(
            self._cursor,
            f"SELECT number FROM posting_{collection} WHERE terms @@ ?::tsquery "
            "AND (?::bigint[] IS NULL OR audience = ANY(?)) ORDER BY number LIMIT ?",
            (match, seen and list(seen), seen and list(seen), limit),
        )
        numbers = [number for (number,) in found.fetchall()]
        if common:
            run(self._cursor, "SET LOCAL enable_bitmapscan = on")
        return numbers


def _vector(posting: Posting) -> str:
    """Return a tsvector in its text form."""
    return " ".join(f"'{encoded(term)}'" for term in posting.terms)
