"""The event stream against the log: each message has to be the one that its event gives, in order, none missing,
none that the log does not have. A body may lack fields that later versions of Doorward have added, and
nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from domain.chain import Broken
from domain.envelope import Recorded
from domain.ports import EventLog
from domain.published import Published

_POSITION = re.compile(r"[1-9][0-9]{0,17}")


class Stream(Protocol):
    """The stream, and what belongs into it."""

    def read_events(self, take: Callable[[list[Published]], None]) -> None:
        """Give all messages to `take`, in order, in batches."""

    def published(self, recorded: Recorded, sequence: int) -> Published:
        """Return the message that an event gives, at a sequence."""


@dataclass(frozen=True, slots=True)
class StreamCompared:
    """How many messages were compared, the log's positions that they cover, and the first that is not
    what it should be."""

    messages: int
    first: int
    last: int
    broken: Broken | None


class _Comparison:
    """Goes along the stream and the log together."""

    def __init__(self, log: EventLog, stream: Stream, report: Callable[[int, int], None]) -> None:
        self._log = log
        self._stream = stream
        self._report = report
        self._head = log.head()
        self.messages = self.first = self.last = 0
        self.broken: Broken | None = None

    def take(self, batch: list[Published]) -> None:
        """Compare the next messages, unless one was found that is wrong."""
        if self.broken is not None or not batch:
            return
        if not self.messages and _POSITION.fullmatch(batch[0].position):
            self.first = int(batch[0].position)
            self.last = self.first - 1
        events = self._log.events_after(self.last, len(batch))
        for at, message in enumerate(batch):
            event = events[at] if at < len(events) else None
            why = self._wrong(message, event)
            if why is not None:
                self.broken = Broken(
                    self.last + 1, f"in the stream, sequence {message.sequence}: {why}"
                )
                return
            self.messages, self.last = self.messages + 1, self.last + 1
        self._report(self.last, self._head)

    def _wrong(self, found: Published, event: Recorded | None) -> str | None:
        if found.position != str(self.last + 1):
            return f"it is not the message of event {self.last + 1:,}: {found.position[:20] or 'none'}"
        if event is None:
            return "the log has no such event"
        expected = self._stream.published(event, found.sequence)
        if found.event_id != expected.event_id:
            return "it is of another event than the log holds there"
        if found.subject != expected.subject:
            return f"its subject is {found.subject[:200]}"
        return None if _same_body(found.body, expected.body) else "its content is another"


def compare_stream(
    log: EventLog, stream: Stream, report: Callable[[int, int], None]
) -> StreamCompared:
    """Compare the whole stream; what was published after the start is left to the next time."""
    comparison = _Comparison(log, stream, report)
    stream.read_events(comparison.take)
    return StreamCompared(
        comparison.messages, comparison.first, comparison.last, comparison.broken
    )


def _same_body(found: bytes, expected: bytes) -> bool:
    if found == expected:
        return True
    try:
        return _within(json.loads(found), json.loads(expected))
    except (ValueError, RecursionError):
        return False


def _within(older: object, newer: object) -> bool:
    """Say whether everything that is said is said in the newer form as well."""
    if isinstance(older, dict) and isinstance(newer, dict):
        return all(name in newer and _within(value, newer[name]) for name, value in older.items())
    if isinstance(older, list) and isinstance(newer, list):
        return len(older) == len(newer) and all(map(_within, older, newer))
    return type(older) is type(newer) and older == newer
