"""How far long work has come, how fast it goes and how long it will take, shown on a terminal, and nothing
elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import TextIO

SHOWN_EVERY = 0.1
"""Seconds: nobody reads faster, and a terminal far away is slow."""
TOLD_AFTER = 1.0
"""Seconds after which a rate means something."""
_CLEAR = "\x1b[K"


class ProgressLine:
    """One line that is written again and again. Work begins anew where there is another total, or less
    done than before."""

    def __init__(self, out: Callable[[], TextIO], clock: Callable[[], float]) -> None:
        """`out` is asked each time, and `clock` counts seconds."""
        self._out = out
        self._clock = clock
        self._began = self._shown = 0.0
        self._first = self._done = self._total = 0

    def __call__(self, done: int, total: int) -> None:
        """Show it in place of what was shown before."""
        out, now = self._out(), self._clock()
        if not out.isatty():
            return
        if total != self._total or done < self._done:
            self._began, self._first, self._total, self._shown = now, done, total, 0.0
        self._done = done
        over = done >= total
        if over or now - self._shown >= SHOWN_EVERY:
            self._shown = now
            end = "\n" if over else ""
            out.write(f"\r{done:,} of {total:,}{self._pace(now)}{_CLEAR}{end}")
            out.flush()

    def _pace(self, now: float) -> str:
        took = now - self._began
        if took < TOLD_AFTER or self._done == self._first:
            return ""
        rate = (self._done - self._first) / took
        left = round((self._total - self._done) / rate)
        return f", {rate:,.0f} a second" + (f", {duration(left)} left" if left else "")


def duration(seconds: int) -> str:
    """Return a duration as people say it, in its two largest units."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minute} min"
    return f"{minutes} min {second} s" if minutes else f"{second} s"


show_progress = ProgressLine(lambda: sys.stderr, time.monotonic)
"""Hears what is done and of how much."""


def show_report(progress: Mapping[str, int]) -> None:
    """Show what an operation reports, here or over the control socket."""
    show_progress(progress["done"], progress["total"])
