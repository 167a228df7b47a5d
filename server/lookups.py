"""What commands look up in read models that few events change: policies, integrations, who is who. It is
remembered until an event of the kind that those read models follow is appended, here or by another process;
while such an event is not yet committed, everything of its kind is looked up anew. Lives on the writer's
thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from domain.values import StreamId

Found = TypeVar("Found")
MOST = 5_000
"""Most answers of one kind; all of the kind go when there are more."""
SECONDS = 60.0
"""The longest that anything is remembered. Rows change by events alone, but for a `rebuild` that mends what was
never right: other processes hear nothing of that."""


class Lookups:
    """Answers by kind of stream, each under what was asked."""

    def __init__(self) -> None:
        self._answers: dict[str, dict[Hashable, object]] = {}
        self._moving: set[str] = set()
        self._since = time.monotonic()

    def find(self, category: str, asked: Hashable, look: Callable[[], Found]) -> Found:
        """Return the answer, looked up unless it is remembered. `category` is that of the only streams whose
        events change it."""
        if category in self._moving:
            return look()
        answers = self._answers.setdefault(category, {})
        try:
            return answers[asked]  # type: ignore[return-value]  # the same question has one type
        except KeyError:
            if len(answers) >= MOST:
                answers.clear()
            found = look()
            answers[asked] = found
            return found

    def moving(self, stream: StreamId) -> None:
        """An event was appended, and is not yet committed."""
        category = _category(stream)
        self._moving.add(category)
        self._answers.pop(category, None)

    def moved(self, streams: Iterable[StreamId]) -> None:
        """Another process has committed events of these streams."""
        for category in {_category(stream) for stream in streams}:
            self._answers.pop(category, None)

    def begin(self) -> None:
        """A transaction begins, and whatever was not committed is over."""
        self._moving.clear()
        now = time.monotonic()
        if now - self._since > SECONDS:
            self._since = now
            self._answers.clear()

    def forget(self) -> None:
        """Remember nothing."""
        self._answers.clear()


def _category(stream: StreamId) -> str:
    return stream.partition("-")[0]
