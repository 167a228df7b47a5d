"""What would be said with every request is said once in a while: a log that an outage fills tells nobody anything."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

AGAIN_SECONDS = 30.0
MOST_REMEMBERED = 100


class Seldom(logging.Filter):
    """Lets a line of a logger through, and the same line again when some time has passed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a line is written; from any thread, two at one moment may both be."""
        line, now = record.getMessage(), self._clock()
        said = self._said.get(line)
        if said is not None and now - said < AGAIN_SECONDS:
            return False
        if len(self._said) >= MOST_REMEMBERED:
            self._said.clear()
        self._said[line] = now
        return True
