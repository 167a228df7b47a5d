"""The edition of the index: a number that changes with every step that changes what a search may find. Who
remembers what was found may show it again for as long as the edition stays."""

from __future__ import annotations

import secrets

from domain.ports import Rows
from projections.columns import number

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS search_edition ("
    "place BIGINT PRIMARY KEY, edition BIGINT NOT NULL)",
)
BITS = 52
"""Of the first edition, which is drawn by lot: an index whose tables were made anew shall have none that
another had."""


def edition(rows: Rows) -> int:
    """Return the edition; 0 before the first step."""
    found = rows.select("SELECT edition FROM search_edition")
    return number(found[0][0]) if found else 0


def standing(rows: Rows) -> tuple[int, bool]:
    """Return the edition, and whether the index is up to the catalog's tables."""
    found = rows.select(
        "SELECT edition, EXISTS (SELECT 1 FROM search_pending) FROM search_edition"
    )
    return (number(found[0][0]), not found[0][1]) if found else (0, False)


def next_edition(rows: Rows) -> None:
    """Say that the index has changed."""
    if not rows.execute("UPDATE search_edition SET edition = edition + 1"):
        first = secrets.randbits(BITS)
        rows.execute("INSERT INTO search_edition (place, edition) VALUES (0, ?)", (first,))
