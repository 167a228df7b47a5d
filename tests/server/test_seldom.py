"""Lines that are said with every request."""

from __future__ import annotations

import logging

from server.seldom import AGAIN_SECONDS, MOST_REMEMBERED, Seldom


def line(text: str) -> logging.LogRecord:
    return logging.LogRecord("calls", logging.WARNING, "", 0, "outage: %s", (text,), None)


def test_a_line_is_said_once_and_again_when_some_time_has_passed() -> None:
    now = [100.0]
    seldom = Seldom(lambda: now[0])
    assert [seldom.filter(line("away")) for _ in range(3)] == [True, False, False]
    assert seldom.filter(line("full"))
    now[0] += AGAIN_SECONDS
    assert seldom.filter(line("away"))


def test_however_many_lines_there_are_few_are_remembered() -> None:
    seldom = Seldom()
    for number in range(10 * MOST_REMEMBERED):
        assert seldom.filter(line(str(number)))
    assert len(seldom._said) <= MOST_REMEMBERED
