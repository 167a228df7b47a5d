"""What pictures are drawn from: sums that fit the bars, spans that fit the screen."""

from __future__ import annotations

from datetime import date

import pytest

from projections.audit_trail.figures import DayCount, Timed
from server.audit_pages.pictures import (
    MOST_BARS,
    distribution,
    length,
    percentile,
    requests_over_time,
    time_to_decision,
)

BEGIN = 20_000
MONDAY = (date(2026, 11, 23) - date(1970, 1, 1)).days


def test_nothing_is_drawn_of_nothing() -> None:
    assert requests_over_time([]) is None
    assert time_to_decision([]) is None
    assert distribution([]) is None


@pytest.mark.parametrize(
    ("days", "bars"), [(1, 1), (45, 45), (90, 14), (800, 27), (9_000, MOST_BARS)]
)
def test_bars_are_days_weeks_or_months_as_the_span_is_long(days: int, bars: int) -> None:
    picture = requests_over_time(
        [DayCount(BEGIN, "approved", 3), DayCount(BEGIN + days - 1, "denied", 2)]
    )
    assert picture is not None
    assert len(picture.rows) == pytest.approx(bars, abs=1)
    assert all(one.x >= 0 and one.x + one.width <= 100.001 for one in picture.boxes)


def test_a_bar_is_stacked_from_what_has_become_of_its_requests() -> None:
    days = [DayCount(BEGIN, state, 2) for state in ("approved", "denied", "waiting")]
    picture = requests_over_time(days)
    assert picture is not None
    (row,) = picture.rows
    assert row[1:] == ("2", "2", "0", "0", "2", "6")
    bottoms = [one.y + one.height for one in picture.boxes]
    tops = [one.y for one in picture.boxes]
    assert bottoms[0] == 100
    assert bottoms[1:] == tops[:-1]
    assert picture.marks[0] == (100.0, "6")


@pytest.mark.parametrize(
    ("requests", "marks"), [(1, ["1", "0"]), (2, ["2", "1", "0"]), (70, ["80", "40", "0"])]
)
def test_a_scale_of_requests_counts_whole_ones(requests: int, marks: list[str]) -> None:
    picture = requests_over_time([DayCount(BEGIN, "approved", requests)])
    assert picture is not None
    assert [words for _, words in picture.marks] == marks


def test_median_and_ninetieth_percentile_are_values_that_were_there() -> None:
    assert [percentile(range(1, 11), one) for one in (50, 90, 100)] == [5, 9, 10]
    assert percentile([7], 50) == 7
    times = [Timed(MONDAY + 7 * week, 60 * minutes) for week in (0, 2) for minutes in (1, 90)]
    picture = time_to_decision(times)
    assert picture is not None
    assert [row[1:] for row in picture.rows] == [("1 min", "1 h 30 min", "2")] * 2
    assert len(picture.labels) == 3


def test_a_distribution_counts_every_decision_once() -> None:
    times = [Timed(MONDAY, seconds) for seconds in (0, 899, 900, 86_399, 10**8)]
    picture = distribution(times)
    assert picture is not None
    assert [row[1] for row in picture.rows] == ["2", "1", "0", "1", "0", "0", "1"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (61, "1 min 1 s"),
        (3_600, "1 h"),
        (90_061, "1 d 1 h"),
        (86_460, "1 d"),
    ],
)
def test_lengths_are_said_in_two_units(seconds: int, words: str) -> None:
    assert length(seconds) == words
