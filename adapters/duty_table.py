"""The table of duties: the newest epoch of each, who began it and when. It says nothing of whether that one
still lives: only the lock does."""

from __future__ import annotations

from domain.duties import Tenure, TenureOver
from domain.ports import Rows

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS duty ("
    "name TEXT PRIMARY KEY, epoch BIGINT NOT NULL, holder TEXT NOT NULL, since TEXT NOT NULL)",
)


def check(rows: Rows, tenure: Tenure) -> None:
    """Raise `TenureOver` unless this tenure is still the newest."""
    if rows.select("SELECT epoch FROM duty WHERE name = ?", (tenure.duty,)) != [(tenure.epoch,)]:
        raise TenureOver(tenure.duty)
