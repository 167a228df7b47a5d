"""From a moment, as people write it, to the position in the log that it means.

"As of TIME" is right after the last event that was recorded at or before that time: everything up to its
position counts. Events of one command bear the same time and count together. Positions are the order of
commits and nearly that of times: a command bears the time at which it came in, and waits its turn; an
import bears that of its beginning. So an event may be up to `MOST_DELAYED` older than one before it, and
what came in by TIME may be found behind what came in a little later: then that counts too. A date means
the end of that day in UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from domain.ports import EventStore
from server.bad_file import BadFile

MOST_DELAYED = timedelta(hours=1)
"""No event is recorded with a time that lies so far behind that of an event before it."""

PAGE = 1_000
_POSITION = re.compile(r"[0-9]{1,18}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_FORMS = "a time is RFC 3339 with its offset (2027-01-31T09:00:00Z), a date, or a position"


class BadMoment(BadFile):
    """What was given names no moment of the log; the message says why."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A position, and when its event was recorded; 0 and None before the first event."""

    position: int
    recorded_at: datetime | None


def moment_of(store: EventStore, text: str) -> Moment:
    """Return the moment that a text means: a position, a time or a date; raises `BadMoment`."""
    head = store.head()
    if _POSITION.fullmatch(text):
        position = int(text)
        if position > head:
            raise BadMoment(f"there is no position {text}: the log ends at {head}")
    else:
        position = position_at(store, parse_time(text), head)
    return moment_at(store, position)


def moment_at(store: EventStore, position: int) -> Moment:
    """Return a position of the log with its time."""
    found = store.history.moments(position - 1, 1) if position else ()
    return Moment(position, found[0][1] if found else None)


def parse_time(text: str) -> datetime:
    """Return the time that a text means; raises `BadMoment`."""
    try:
        if _DATE.fullmatch(text):
            day = datetime.fromisoformat(text)
            return datetime.combine(day, time.max, tzinfo=UTC)
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadMoment(f"{text[:60]!r} is no moment: {_FORMS}")


def position_at(store: EventStore, then: datetime, head: int) -> int:
    """Return the position of the last event that was recorded at or before `then`; 0 if none was."""
    latest = (
        then + MOST_DELAYED if then < datetime.max.replace(tzinfo=UTC) - MOST_DELAYED else then
    )
    before, behind = 0, head + 1
    while behind - before > 1:
        middle = (before + behind) // 2
        if _recorded_at(store, middle) <= latest:
            before = middle
        else:
            behind = middle
    return _last_by(store, then, before)


def _last_by(store: EventStore, then: datetime, until: int) -> int:
    """Go back from a position behind which nothing is so old."""
    while until > 0:
        start = max(0, until - PAGE)
        page = store.history.moments(start, PAGE)
        found = [position for position, at in page if position <= until and at <= then]
        if found:
            return found[-1]
        until = start
    return 0


def _recorded_at(store: EventStore, position: int) -> datetime:
    found = store.history.moments(position - 1, 1)
    if not found:
        raise BadMoment(f"the log lacks event {position}: see what `doorward audit verify` says")
    return found[0][1]
