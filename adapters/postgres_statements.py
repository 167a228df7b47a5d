"""Statements written with ``?``, as PostgreSQL's driver wants them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

import psycopg

PgCursor = psycopg.Cursor[tuple[Any, ...]]


@lru_cache(maxsize=4_096)
def placeholders(sql: str) -> bytes:
    """Return a statement with psycopg's placeholder in place of ``?``."""
    return sql.replace("?", "%s").encode()


def run(cursor: PgCursor, sql: str, params: Sequence[object] = ()) -> PgCursor:
    """Run a statement."""
    return cursor.execute(cast("Any", placeholders(sql)), params)
