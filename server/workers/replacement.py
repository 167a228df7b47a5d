"""A rolling restart: which workers are still to be replaced."""

from __future__ import annotations

from collections.abc import Sequence

from server.workers.worker import Worker


class Replacement:
    """The workers that are to go, one after the other, each once its successor answers."""

    def __init__(self) -> None:
        self._old: list[Worker] = []

    @property
    def going_on(self) -> bool:
        """Whether anybody is still to be replaced."""
        return bool(self._old)

    def begin(self, workers: Sequence[Worker]) -> None:
        """Let all these be replaced."""
        self._old = list(workers)

    def next(self) -> Worker | None:
        """Return who goes now, None if nobody has to."""
        return self._old.pop(0) if self._old else None

    def ended(self, worker: Worker) -> None:
        """Take note that one has ended by itself."""
        if worker in self._old:
            self._old.remove(worker)

    def give_up(self) -> bool:
        """Let those that are left stay; say whether there were any."""
        left, self._old = self._old, []
        return bool(left)
