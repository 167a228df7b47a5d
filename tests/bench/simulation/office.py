"""When people work: on weekdays in the daytime, in UTC, and hardly between the years. All moments are
seconds since the epoch."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from tests.bench.simulation.scene import DAY, HOUR

OPENS, CLOSES = 8, 18
HOURLY = (0, 0, 0, 0, 0, 0, 1, 3, 8, 13, 14, 11, 7, 11, 13, 12, 9, 5, 2, 1, 1, 0, 0, 0)
"""How the visits of a day spread over its hours."""
WEEKEND, HOLIDAYS = 0.06, 0.2
_FIRST_WEEKDAY, _FRIDAY = 3, 4
"""The epoch began on a Thursday; Monday is 0."""


def weekday(moment: float) -> int:
    """Return the day of the week, 0 for Monday."""
    return (int(moment // DAY) + _FIRST_WEEKDAY) % 7


def busyness(day: float, until: float) -> float:
    """Return how busy the day that begins at `day` is, as far as it lies before `until`; a whole
    weekday is 1."""
    date = datetime.fromtimestamp(day, UTC)
    share = WEEKEND if weekday(day) > _FRIDAY else 1.0
    if (date.month, date.day) >= (12, 24) or (date.month, date.day) == (1, 1):
        share *= HOLIDAYS
    hours = min(24, max(0, int((until - day) // HOUR)))
    return share * sum(HOURLY[:hours]) / sum(HOURLY)


def visit_time(chance: random.Random, day: float) -> float:
    """Return a moment of the day at which somebody might look for access."""
    (hour,) = chance.choices(range(24), HOURLY)
    return day + (hour + chance.random()) * HOUR


def at_work(chance: random.Random, moment: float) -> float:
    """Return the moment if people work then, else one soon after they begin again."""
    day, hour = moment // DAY * DAY, moment % DAY / HOUR
    if weekday(day) <= _FRIDAY and OPENS <= hour < CLOSES:
        return moment
    if hour >= OPENS:
        day += DAY
    while weekday(day) > _FRIDAY:
        day += DAY
    return day + (OPENS + 2 * chance.random()) * HOUR


def answer_time(chance: random.Random, since: float, hours: float) -> float:
    """Return when somebody at work gets round to what came at `since`; half do within `hours`."""
    return at_work(chance, since + hours * HOUR * chance.lognormvariate(0, 1))
