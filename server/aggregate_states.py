"""States of aggregates that the writer remembers between commands, so that a stream is read once. Lives on
the writer's thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from domain.values import StreamId

CACHED_STREAMS = 2_000
"""Most aggregate states kept in memory: about 10 MB, where all are requests."""

Known = tuple[int, Any]
"""Version and state."""


@dataclass(slots=True)
class Recent:
    """Committed states in two generations. What is used moves to the younger one; when that is half of
    what is kept, it becomes the older one, and what nobody used meanwhile goes."""

    most: int = CACHED_STREAMS
    young: dict[StreamId, Known] = field(default_factory=dict)
    old: dict[StreamId, Known] = field(default_factory=dict)

    def get(self, stream: StreamId) -> Known | None:
        """Return version and state, None if they are not remembered."""
        found = self.young.get(stream)
        if found is None and (found := self.old.pop(stream, None)) is not None:
            self.young[stream] = found
        return found

    def update(self, states: dict[StreamId, Known]) -> None:
        """Remember these states, in place of those before."""
        if len(self.young) + len(states) > self.most // 2:
            self.old, self.young = self.young, {}
        self.young.update(states)
        for stream in self.old.keys() & states.keys():
            del self.old[stream]

    def pop(self, stream: StreamId) -> None:
        """Forget a stream."""
        self.young.pop(stream, None)
        self.old.pop(stream, None)

    def clear(self) -> None:
        """Forget all."""
        self.young.clear()
        self.old.clear()

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self.young) + len(self.old)


@dataclass(slots=True)
class States:
    """Aggregate states by stream: of the job at hand, of the open batch, and committed."""

    job: dict[StreamId, Known] = field(default_factory=dict)
    batch: dict[StreamId, Known] = field(default_factory=dict)
    committed: Recent = field(default_factory=Recent)

    def find(self, stream: StreamId) -> Known | None:
        """Return version and state, None if they are not remembered."""
        return self.job.get(stream) or self.batch.get(stream) or self.committed.get(stream)

    def undo(self) -> None:
        """Forget what the batch came to."""
        self.job.clear()
        self.batch.clear()

    def commit(self) -> None:
        """What the batch came to is durable."""
        self.committed.update(self.batch)
        self.batch.clear()
