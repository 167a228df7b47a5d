"""What pictures of the requests are drawn from: how many were asked for on each day and what has become of
them, and how long decisions took. Counted are the newest requests, so many at most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from domain.ports import Rows, Value
from projections.columns import number

MOST_COUNTED = 200_000
MOST_TIMED = 20_000
DAY = 86_400
_LAST = 2**62


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Requests of which app, and of which time."""

    app_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many requests of a day (days since 1970, UTC) have come to one state."""

    day: int
    state: str
    requests: int


class Timed(NamedTuple):
    """A decision: the day on which it was taken, and how many seconds after the request was made."""

    day: int
    seconds: int


def requests_by_day(rows: Rows, narrowed: Narrowed) -> tuple[DayCount, ...]:
    """Return the counts of each day, in order."""
    where, values = _where("asked", narrowed)
    found = rows.select(
        f"SELECT asked / {DAY}, state, COUNT(*) FROM (SELECT asked, state FROM audit_request "
        f"WHERE {where} ORDER BY asked DESC LIMIT ?) AS newest "
        f"GROUP BY asked / {DAY}, state ORDER BY 1, 2",
        (*values, MOST_COUNTED),
    )
    return tuple(DayCount(number(day), str(state), number(count)) for day, state, count in found)


def decisions(rows: Rows, narrowed: Narrowed) -> Sequence[Timed]:
    """Return the decisions that people took, the newest first."""
    where, values = _where("decided", narrowed)
    found = rows.select(
        f"SELECT decided / {DAY}, decided - asked FROM audit_request WHERE {where} "
        "ORDER BY decided DESC LIMIT ?",
        (*values, MOST_TIMED),
    )
    return [Timed(number(day), max(0, number(seconds))) for day, seconds in found]


def _where(column: str, narrowed: Narrowed) -> tuple[str, tuple[Value, ...]]:
    since = int(narrowed.since.timestamp()) if narrowed.since else -_LAST
    until = int(narrowed.until.timestamp()) if narrowed.until else _LAST
    where, values = f"{column} >= ? AND {column} < ?", (since, until)
    if narrowed.app_id is None:
        return where, values
    return f"app_id = ? AND {where}", (narrowed.app_id, *values)
