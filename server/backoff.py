"""When something that failed is tried again: a schedule of waits, each stretched by chance so that what
failed together does not return together. Times and chance are given, never drawn here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

Chance = Callable[[], float]
"""Returns a number from 0 up to 1."""

STRETCH = 0.2
"""The most by which a wait is stretched, as a part of it; it is never shortened."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """The waits after the first failure, the second, and so on; after the last there is no other."""

    waits: Sequence[timedelta]

    def after(self, failures: int, chance: Chance) -> timedelta | None:
        """Return how long to wait after this many failures (from 1); None: not again."""
        if failures > len(self.waits):
            return None
        return self.waits[failures - 1] * (1 + STRETCH * chance())
