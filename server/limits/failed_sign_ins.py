"""The rows of failed sign-ins, in the database that all processes share: a guesser who is sent from worker
to worker has no more guesses than at one. A row for each failure, under digests, for as long as it counts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.ports import Rows
from projections.columns import instant
from server.secret_tokens import digest, new_secret

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS failed_sign_in ("
    "failure_id TEXT PRIMARY KEY, digest TEXT NOT NULL, failed_at TEXT NOT NULL, "
    "expires_at TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS failed_sign_in_by_digest ON failed_sign_in (digest, failed_at)",
    "CREATE INDEX IF NOT EXISTS failed_sign_in_by_expiry ON failed_sign_in (expires_at)",
)


@dataclass(frozen=True, slots=True)
class Most:
    """So many failures within a time."""

    name: str
    count: int
    within: timedelta

    def of(self, who: str) -> str:
        """Return the name under which somebody's failures are kept."""
        return digest(f"{self.name} {who}")


def seconds_to_wait(rows: Rows, most: Most, who: str, now: datetime) -> int | None:
    """Return how long somebody has to wait, None if he need not."""
    # What failed in the future did so before the clock was set back; it would keep him out until then.
    between = (instant(now - most.within), instant(now + most.within))
    found = rows.select(
        "SELECT failed_at FROM failed_sign_in WHERE digest = ? AND failed_at > ? AND failed_at < ? "
        "ORDER BY failed_at DESC LIMIT ?",
        (most.of(who), *between, most.count),
    )
    if len(found) < most.count:
        return None
    free = datetime.fromisoformat(str(found[-1][0])) + most.within
    return max(1, math.ceil((free - now).total_seconds()))


def count_failure(rows: Rows, failed: Iterable[tuple[Most, str]], now: datetime) -> None:
    """Count a failure of each; forget those that count no more."""
    rows.execute("DELETE FROM failed_sign_in WHERE expires_at < ?", (instant(now),))
    for most, who in failed:
        rows.execute(
            "INSERT INTO failed_sign_in (failure_id, digest, failed_at, expires_at) "
            "VALUES (?, ?, ?, ?)",
            (new_secret(), most.of(who), instant(now), instant(now + most.within)),
        )


def forget_failures(rows: Rows, most: Most, who: str) -> None:
    """Forget what somebody has failed."""
    rows.execute("DELETE FROM failed_sign_in WHERE digest = ?", (most.of(who),))
