"""Pictures for people who would rather look than read, as numbers that a template draws: bars of requests over
time by what has become of them, and how long decisions took. Each comes with the same figures for a
table. Lengths are in percent of the picture, so that it fits any screen."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from projections.audit_trail.figures import DayCount, Timed
from projections.audit_trail.tables import APPROVED, DENIED, LAPSED, WAITING, WITHDRAWN

STATES: Mapping[str, str] = {
    APPROVED: "Approved",
    DENIED: "Denied",
    WITHDRAWN: "Withdrawn",
    LAPSED: "Nobody decided",
    WAITING: "Waiting",
}
"""In the order in which bars are stacked, from the ground up."""
MOST_BARS = 120
BY_DAY, BY_WEEK = 45, 370
"""Spans of as many days are drawn day by day, or week by week; longer ones by month."""
GAP, BROADEST = 0.18, 9.0
"""How much of a bar's place is left free, and how broad a bar is at most."""
MOST_LABELS = 4
CLASSES: Sequence[tuple[int, str]] = (
    (15 * 60, "15 min"),
    (3_600, "1 h"),
    (4 * 3_600, "4 h"),
    (86_400, "1 d"),
    (3 * 86_400, "3 d"),
    (7 * 86_400, "7 d"),
)
"""Upper ends of the classes of the distribution."""
LEAST, MARKS = 60, ((60, "1 min"), (3_600, "1 h"), (86_400, "1 d"), (7 * 86_400, "7 d"))
"""The scale of lengths of time is logarithmic, from a minute on."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of a picture, of a kind, with the words that stand for it."""

    x: float
    width: float
    y: float
    height: float
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes side by side; `labels` stand beneath, one under `each` or a few from end to end, and `marks`
    beside it (how far up, and what); `columns` and `rows` say the same in a table."""

    boxes: tuple[Box, ...]
    labels: tuple[str, ...]
    each: bool
    marks: tuple[tuple[float, str], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def requests_over_time(days: Sequence[DayCount]) -> Picture | None:
    """Return the bars; None where there was no request."""
    if not days:
        return None
    first, last = _date(days[0].day), _date(days[-1].day)
    begin, following, told = _step((last - first).days + 1)
    starts = _from(begin(first), last, following)
    counts: dict[date, dict[str, int]] = {start: defaultdict(int) for start in starts}
    for one in days:
        start = begin(_date(one.day))
        if start in counts:
            counts[start][one.state] += one.requests
    top = _round_up(max(sum(bar.values()) for bar in counts.values()))
    return Picture(
        boxes=tuple(_bars(counts, top, told)),
        labels=_few([told(start) for start in starts]),
        each=len(starts) <= MOST_LABELS,
        marks=_scale(top),
        columns=("From", *STATES.values(), "All"),
        rows=tuple(
            (
                told(start),
                *(f"{one:,}" for one in (*(bar[key] for key in STATES), sum(bar.values()))),
            )
            for start, bar in counts.items()
        ),
    )


def _bars(
    counts: Mapping[date, Mapping[str, int]], top: int, told: Callable[[date], str]
) -> Iterable[Box]:
    place = 100 / len(counts)
    for at, (start, bar) in enumerate(counts.items()):
        ground = 100.0
        for state, name in STATES.items():
            height = 100 * bar.get(state, 0) / top
            if height:
                ground -= height
                words = f"{told(start)}: {bar[state]:,} {name.lower()}"
                yield Box(*_place(at, place), ground, height, state, words)


def time_to_decision(decisions: Sequence[Timed]) -> Picture | None:
    """Return, for each week, a bar from the median to what nine in ten decisions did not exceed."""
    if not decisions:
        return None
    days: dict[int, list[int]] = defaultdict(list)
    for day, seconds in decisions:
        days[day].append(seconds)
    weeks: dict[date, list[int]] = defaultdict(list)
    for day, times in days.items():
        weeks[_monday(_date(day))] += times
    starts = _from(min(weeks), max(weeks), lambda week: week + timedelta(days=7))
    found = {start: sorted(weeks[start]) for start in starts if weeks.get(start)}
    top = max(MARKS[-1][0], *(percentile(found[start], 90) for start in found))
    return Picture(
        boxes=tuple(_spans(starts, found, top)),
        labels=_few([_short(start) for start in starts]),
        each=len(starts) <= MOST_LABELS,
        marks=tuple((_height(seconds, top), name) for seconds, name in MARKS),
        columns=("Week of", "Median", "9 in 10 within", "Decisions"),
        rows=tuple(
            (
                _day(start),
                length(percentile(times, 50)),
                length(percentile(times, 90)),
                f"{len(times):,}",
            )
            for start, times in found.items()
        ),
    )


def _spans(starts: Sequence[date], found: Mapping[date, Sequence[int]], top: int) -> Iterable[Box]:
    place = 100 / len(starts)
    for at, start in enumerate(starts):
        times = found.get(start)
        if not times:
            continue
        half, most = percentile(times, 50), percentile(times, 90)
        low, high = _height(half, top), _height(most, top)
        words = (
            f"Week of {_day(start)}: half within {length(half)}, nine in ten within {length(most)}"
        )
        at_place = _place(at, place)
        yield Box(*at_place, 100 - high, max(1.0, high - low), "ninety", words)
        yield Box(*at_place, min(97.0, 99 - low), 3.0, "median", words)


def distribution(decisions: Sequence[Timed]) -> Picture | None:
    """Return how many decisions took how long."""
    if not decisions:
        return None
    counts, ends = [0] * (len(CLASSES) + 1), [end for end, _ in CLASSES]
    for _, seconds in decisions:
        counts[bisect_right(ends, seconds)] += 1
    names = [*(f"< {name}" for _, name in CLASSES), "more"]
    top, place = max(counts), 100 / len(counts)
    return Picture(
        boxes=tuple(
            Box(
                *_place(at, place),
                100 - 100 * count / top,
                100 * count / top,
                "median",
                f"{name}: {count:,} decisions",
            )
            for at, (name, count) in enumerate(zip(names, counts, strict=True))
            if count
        ),
        labels=tuple(name.removeprefix("< ") for name in names),
        each=True,
        marks=(),
        columns=("Took", "Decisions", "Share"),
        rows=tuple(
            (name, f"{count:,}", f"{100 * count / len(decisions):.0f} %")
            for name, count in zip(names, counts, strict=True)
        ),
    )


def _place(at: int, place: float) -> tuple[float, float]:
    """Return where a bar begins, in the middle of its place, and its width."""
    width = min(place * (1 - GAP), BROADEST)
    return place * at + (place - width) / 2, width


def percentile(ordered: Sequence[int], percent: int) -> int:
    """Return the smallest value that so many percent do not exceed (nearest rank)."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def length(seconds: float) -> str:
    """Return a length of time in its two greatest units, as people say it."""
    left = int(seconds)
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
        if len(parts) == 2:  # noqa: PLR2004 - units
            break
    return " ".join(filter(None, parts)) or "0 s"


def _height(seconds: int, top: int) -> float:
    return 100 * math.log(max(seconds, LEAST) / LEAST) / math.log(max(top, 2 * LEAST) / LEAST)


def _step(
    days: int,
) -> tuple[Callable[[date], date], Callable[[date], date], Callable[[date], str]]:
    """Return for a span the beginning of a day's bar, the next one's, and what it is called."""
    if days <= BY_DAY:
        return lambda day: day, lambda day: day + timedelta(days=1), _day
    if days <= BY_WEEK:
        return _monday, lambda day: day + timedelta(days=7), _day
    return (
        lambda day: day.replace(day=1),
        lambda day: (day + timedelta(days=31)).replace(day=1),
        lambda day: f"{day:%b %Y}",
    )


def _from(first: date, last: date, following: Callable[[date], date]) -> list[date]:
    """Return where the bars begin: the newest, so many at most."""
    starts = [first]
    while (start := following(starts[-1])) <= last:
        starts.append(start)
    return starts[-MOST_BARS:]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _day(day: date) -> str:
    return f"{day:%-d %b %Y}"


def _short(day: date) -> str:
    return f"{day:%-d %b}"


def _date(day: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date()


def _few(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the first, the middle and the last, or all where they are few."""
    if len(labels) <= MOST_LABELS:
        return tuple(labels)
    return tuple(dict.fromkeys((labels[0], labels[len(labels) // 2], labels[-1])))


def _scale(top: int) -> tuple[tuple[float, str], ...]:
    """Return the marks of a scale of counts: there is no half of one."""
    middle = ((50.0, f"{top // 2:,}"),) if top % 2 == 0 else ()
    return (100.0, f"{top:,}"), *middle, (0.0, "0")


def _round_up(count: int) -> int:
    """Return the next number that is a good end of a scale."""
    size = int("1".ljust(len(str(count)), "0"))
    return next(step * size for step in (1, 2, 4, 6, 8, 10) if step * size >= count)
