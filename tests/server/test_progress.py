"""How far long work has come is told on a terminal alone: how much, how fast, how long still."""

from __future__ import annotations

import io

import pytest

from server.command_line.progress import ProgressLine, duration


class Terminal(io.StringIO):
    """A terminal that keeps what is written."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_is_told_how_much_how_fast_and_how_long_still() -> None:
    out, clock = Terminal(), [100.0]
    show = ProgressLine(lambda: out, lambda: clock[0])
    for done, at in ((1_000, 0.0), (2_000, 0.05), (21_000, 10.0), (40_000, 20.0)):
        clock[0] = 100.0 + at
        show(done, 40_000)
    assert out.getvalue().replace("\x1b[K", "").split("\r")[1:] == [
        "1,000 of 40,000",
        "21,000 of 40,000, 2,000 a second, 10 s left",
        "40,000 of 40,000, 1,950 a second\n",
    ]


def test_other_work_begins_anew() -> None:
    out, clock = Terminal(), [0.0]
    show = ProgressLine(lambda: out, lambda: clock[0])
    for done, total, at in ((5, 10, 0), (10, 10, 5), (5, 20, 60), (10, 20, 65)):
        clock[0] = float(at)
        show(done, total)
    assert out.getvalue().endswith("\r10 of 20, 1 a second, 10 s left\x1b[K")


def test_what_is_no_terminal_is_told_nothing() -> None:
    out = io.StringIO()
    ProgressLine(lambda: out, lambda: 0.0)(10, 10)
    assert out.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(7, "7 s"), (61, "1 min 1 s"), (3_600, "1 h 0 min"), (7_325, "2 h 2 min")],
)
def test_a_duration_is_said_in_its_two_largest_units(seconds: int, said: str) -> None:
    assert duration(seconds) == said
