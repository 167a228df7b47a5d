"""How often a person's clients may call tools: a leaky bucket each, as one number (the generic cell rate
algorithm, ITU-T I.371): the moment at which the bucket will be empty again. A minute's worth may come at
once. It is asked at every call, from any thread, so it takes no lock: two calls at one moment may count as
one."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

MINUTE = 60.0
MOST_KEYS = 100_000
"""Names in memory: some ten megabytes."""


@dataclass(frozen=True, slots=True)
class Exceeded:
    """What was too much, and for how many seconds it is."""

    policy: str
    most: int
    wait: int


class CallRates:
    """Counts the calls of people by clients."""

    def __init__(
        self,
        calls: int,
        writes: int,
        clock: Callable[[], float] = time.monotonic,
        most_keys: int = MOST_KEYS,
    ) -> None:
        """`calls` of a person by one client in a minute, `writes` by all; 0 is no limit."""
        self._calls = _Buckets("client", calls, most_keys)
        self._all = _Buckets("person", 2 * calls, most_keys)
        self._writes = _Buckets("writes", writes, most_keys)
        self._clock = clock

    def count(self, person: str, client: str, *, writing: bool) -> Exceeded | None:
        """Count a call; return what it exceeds, in which case it does not count."""
        now = self._clock()
        return (
            (self._writes.add(person, now) if writing else None)
            or self._calls.add((person, client), now)
            or self._all.add(person, now)
        )


class _Buckets:
    """The buckets of one limit."""

    __slots__ = ("_each", "_empty_at", "_most", "_most_keys", "_name")

    def __init__(self, name: str, most: int, most_keys: int) -> None:
        self._name = name
        self._most = most
        self._most_keys = most_keys
        self._each = MINUTE / most if most else 0.0
        self._empty_at: dict[object, float] = {}

    def add(self, key: object, now: float) -> Exceeded | None:
        if not self._most:
            return None
        empty_at = self._empty_at.get(key, now)
        after = (max(now, empty_at)) + self._each
        if after - now > MINUTE:
            wait = max(1, math.ceil(after - now - MINUTE))
            return Exceeded(self._name, self._most, wait)
        if len(self._empty_at) >= self._most_keys:
            self._sweep(now)
        self._empty_at[key] = after
        return None

    def _sweep(self, now: float) -> None:
        """Forget empty buckets; where that makes no room, those known longest."""
        full = {key: at for key, at in list(self._empty_at.items()) if at > now}
        surplus = max(0, len(full) - self._most_keys // 2)
        self._empty_at = dict(islice(full.items(), surplus, None))
