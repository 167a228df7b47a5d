"""A trial whether the store takes writes. After a write has failed, nothing but another tells that they succeed
again, and a server to which no requests are sent has none of its own."""

from __future__ import annotations

from server.unit_of_work import UnitOfWork

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS write_trial (one BIGINT PRIMARY KEY, flipped BIGINT NOT NULL)",
)


def try_to_write(work: UnitOfWork) -> None:
    """Write a row that means nothing. It changes each time: what stays as it is, a database may not write."""
    work.rows.execute(
        "INSERT INTO write_trial (one, flipped) VALUES (1, 0) "
        "ON CONFLICT (one) DO UPDATE SET flipped = 1 - write_trial.flipped"
    )
