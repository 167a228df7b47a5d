"""Counting on the hot path: a dictionary of each thread's own, which nobody else writes, so that it needs no
lock. What has been added is moved to where it is shown (`Shown`) by whoever asks for it, once a second and
at each scrape."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from server.telemetry.catalogue import BY_NAME

Key = tuple[str, tuple[str, ...]]
"""A metric's name and the values of its labels."""


class Shown(Protocol):
    """Where tallies are moved to."""

    def add(self, key: Key, amount: float) -> None:
        """Add to a counter."""

    def spread(self, key: Key, counts: Sequence[int], total: float) -> None:
        """Add values to a distribution: how many fell into each bucket, and their sum."""


class _Distribution:
    """Values of one thread: how many fell into each bucket, and their sum."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0


@dataclass(slots=True)
class _Own:
    """What one thread has added since it began, and how much of that is moved."""

    thread: threading.Thread
    counts: dict[Key, float] = field(default_factory=dict)
    spreads: dict[Key, _Distribution] = field(default_factory=dict)
    moved: dict[Key, float] = field(default_factory=dict)
    moved_spreads: dict[Key, tuple[list[int], float]] = field(default_factory=dict)


class Tallies:
    """`meters.Meters` that anybody may add to from any thread."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._all: list[_Own] = []
        self._moving = threading.Lock()

    def count(self, name: str, *labels: str, by: float = 1.0) -> None:
        """Add to a counter."""
        counts = self._own().counts
        key = (name, labels)
        counts[key] = counts.get(key, 0.0) + by

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Add a value to a distribution."""
        spreads = self._own().spreads
        key = (name, labels)
        found = spreads.get(key)
        if found is None:
            found = spreads[key] = _Distribution(BY_NAME[name].buckets)
        found.counts[bisect_left(found.bounds, value)] += 1
        found.total += value

    def move(self, shown: Shown) -> None:
        """Add to `shown` what was added here since the last time."""
        with self._moving:
            for own in self._all:
                alive = own.thread.is_alive()
                _move_counts(own, shown)
                _move_spreads(own, shown)
                if not alive:
                    self._all = [one for one in self._all if one is not own]

    def _own(self) -> _Own:
        try:
            found: _Own = self._local.own
        except AttributeError:
            found = self._local.own = _Own(threading.current_thread())
            with self._moving:
                self._all = [*self._all, found]
        return found


def _move_counts(own: _Own, shown: Shown) -> None:
    # A copy in one step: the thread goes on adding.
    for key, now in dict(own.counts).items():
        before = own.moved.get(key, 0.0)
        if now != before:
            shown.add(key, now - before)
            own.moved[key] = now


def _move_spreads(own: _Own, shown: Shown) -> None:
    for key, found in dict(own.spreads).items():
        counts, total = list(found.counts), found.total
        before, sum_before = own.moved_spreads.get(key, ([0] * len(counts), 0.0))
        if counts != before or total != sum_before:
            fresh = [now - then for now, then in zip(counts, before, strict=True)]
            shown.spread(key, fresh, total - sum_before)
            own.moved_spreads[key] = (counts, total)
