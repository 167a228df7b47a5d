"""Looking for events in the audit trail, from a position on, backwards or forwards. One condition leads through
its index, the others are checked on what it finds. How much is looked at for one answer is bounded: an
answer says how far it has looked, and the next one goes on from there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.ports import Rows, Value
from projections.columns import instant, number, parse_instant

MOST_LOOKED_AT = 20_000
MOST_DELAYED = timedelta(hours=1)
"""No event is recorded with a time that lies so far behind that of an event before it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: None asks for all, and so do no topics. `positions` are those of one request; `since` counts itself, `until`
    does not."""

    actor: str | None = None
    service: str | None = None
    client_id: str | None = None
    client_name: str | None = None
    person: str | None = None
    app_id: str | None = None
    topics: tuple[str, ...] = ()
    positions: tuple[int, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Positions that were found, in the direction of the search, and from where to go on; None at the end of
    the log."""

    positions: tuple[int, ...]
    goes_on: int | None


@dataclass(frozen=True, slots=True)
class _Lead:
    """Rows of a table from which a search may start."""

    table: str
    where: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class _Condition:
    """Something that is asked for: what may lead to it, and how it is checked on an event `e`."""

    leads: tuple[_Lead, ...]
    check: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class _Course:
    """Where a search begins, in which direction it goes, and its bounds, which it does not reach."""

    low: int
    high: int
    backwards: bool

    @property
    def order(self) -> str:
        """The order of what is found."""
        return "DESC" if self.backwards else "ASC"

    def nearer(self, positions: Sequence[int]) -> int:
        """Return the one of these that the search meets first."""
        return max(positions) if self.backwards else min(positions)


def before(rows: Rows, wanted: Wanted, position: int, size: int) -> Stretch:
    """Return the events before a position that are wanted, the newest first."""
    low, high = _bounds(rows, wanted)
    return _search(rows, wanted, _Course(low, min(high, position), backwards=True), size)


def after(rows: Rows, wanted: Wanted, position: int, size: int) -> Stretch:
    """Return the events after a position that are wanted, in order."""
    low, high = _bounds(rows, wanted)
    return _search(rows, wanted, _Course(max(low, position), high, backwards=False), size)


def head(rows: Rows) -> int:
    """Return the position of the newest event here."""
    found = rows.select("SELECT MAX(position) FROM audit_event")[0][0]
    return 0 if found is None else number(found)


def knows_client(rows: Rows, client_id: str) -> bool:
    """Say whether any event came through the client of this id."""
    sql = "SELECT 1 FROM audit_event WHERE client_id = ? LIMIT 1"
    return bool(rows.select(sql, (client_id,)))


def _search(rows: Rows, wanted: Wanted, course: _Course, size: int) -> Stretch:
    conditions = list(_conditions(wanted))
    leads = conditions[0].leads if conditions else (_Lead("audit_event", "1 = 1"),)
    checks = [*conditions[1:], *_times(wanted)]
    most = max(size + 1, MOST_LOOKED_AT // len(leads)) if checks else size + 1
    found: list[int] = []
    ends: list[int] = []
    for lead in leads:
        positions, end = _follow(rows, lead, checks, course, size, most)
        found += positions
        ends += [] if end is None else [end]
    found.sort(reverse=course.backwards)
    end = course.nearer(ends) if ends else None
    if end is not None:
        # Behind the nearest end something may be missing: that is for the next answer.
        found = [one for one in found if course.nearer((one, end)) == one]
    if len(found) > size:
        return Stretch(tuple(found[:size]), found[size - 1])
    return Stretch(tuple(found), end)


def _follow(
    rows: Rows,
    lead: _Lead,
    checks: Sequence[_Condition],
    course: _Course,
    size: int,
    most: int,
) -> tuple[list[int], int | None]:
    """Return what one lead finds, and where it ended if not with the log."""
    near = (
        f"SELECT position FROM {lead.table} WHERE {lead.where} AND position > ? "
        f"AND position < ? ORDER BY position {course.order} LIMIT ?"
    )
    values = (*lead.values, course.low, course.high, most)
    where = " AND ".join(one.check for one in checks) or "1 = 1"
    found = rows.select(
        f"SELECT e.position FROM ({near}) AS near JOIN audit_event AS e "
        f"ON e.position = near.position WHERE {where} "
        f"ORDER BY e.position {course.order} LIMIT ?",
        (*values, *(value for one in checks for value in one.values), size + 1),
    )
    positions = [number(one) for (one,) in found]
    if len(positions) > size:
        return positions, positions[-1]
    furthest = "MIN" if course.backwards else "MAX"
    counting = f"SELECT COUNT(*), {furthest}(position) FROM ({near}) AS near"
    ((count, end),) = rows.select(counting, values)
    return positions, number(end) if count == most else None


def _conditions(wanted: Wanted) -> Iterator[_Condition]:
    """Yield what is asked for, the rarest kind first: the first one leads."""
    if wanted.positions is not None:
        values, where = wanted.positions, _among("position", wanted.positions)
        yield _Condition((_Lead("audit_event", where, values),), f"e.{where}", values)
    if wanted.person is not None:
        lead = _Lead("audit_person", "person_id = ?", (wanted.person,))
        check = "e.position IN (SELECT p.position FROM audit_person AS p WHERE p.person_id = ?)"
        yield _Condition((lead,), check, lead.values)
    for column in ("client_id", "client_name", "actor", "service", "app_id"):
        value = getattr(wanted, column)
        if value is not None:
            lead = _Lead("audit_event", f"{column} = ?", (value,))
            yield _Condition((lead,), f"e.{lead.where}", lead.values)
    if wanted.topics:
        leads = tuple(_Lead("audit_event", "topic = ?", (one,)) for one in wanted.topics)
        yield _Condition(leads, f"e.{_among('topic', wanted.topics)}", wanted.topics)


def _times(wanted: Wanted) -> Iterator[_Condition]:
    for check, moment in (("e.at >= ?", wanted.since), ("e.at < ?", wanted.until)):
        if moment is not None:
            yield _Condition((), check, (instant(moment),))


def _among(column: str, values: Sequence[object]) -> str:
    return f"{column} IN ({', '.join('?' * len(values)) or 'NULL'})"


def _bounds(rows: Rows, wanted: Wanted) -> tuple[int, int]:
    """Return the positions between which all events of the wanted time lie, and few others."""
    end = head(rows)
    low = _first(rows, wanted.since, -MOST_DELAYED, end) - 1 if wanted.since else 0
    high = _first(rows, wanted.until, MOST_DELAYED, end) if wanted.until else end + 1
    return low, high


def _first(rows: Rows, moment: datetime, slack: timedelta, end: int) -> int:
    """Return a position from which on nothing is older than a moment, give or take what may be delayed."""
    try:
        wanted = moment + slack
    except OverflowError:
        return 1 if slack < timedelta() else end + 1
    low, high = 1, end + 1
    while low < high:
        middle = (low + high) // 2
        if _at(rows, middle) < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def _at(rows: Rows, position: int) -> datetime:
    sql = "SELECT at FROM audit_event WHERE position >= ? ORDER BY position LIMIT 1"
    found = rows.select(sql, (position,))
    return parse_instant(found[0][0])
