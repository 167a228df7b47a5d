"""How recorded events and those that the rules give differ, field by field, in words that can be read. Text of
which one side is `[forgotten]` is not held against the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from domain.access_request import RequestCancelled
from domain.events import Event
from domain.values import REDACTED, Personal

MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Difference:
    """What one field holds, in the event at `place` of its command."""

    place: int
    field: str
    recorded: object
    ruled: object

    def __str__(self) -> str:
        return (
            f"{self.field}: recorded {_shown(self.recorded)}, the rules say {_shown(self.ruled)}"
        )


def differences(recorded: Sequence[Event], ruled: Sequence[Event]) -> list[Difference]:
    """Return in what the events differ; one that only one side has differs in its topic."""
    return [
        one
        for place, (left, right) in enumerate(zip_longest(recorded, ruled))
        for one in _events(place, left, right)
    ]


def _events(place: int, recorded: Event | None, ruled: Event | None) -> Iterator[Difference]:
    if recorded is None or ruled is None or type(recorded) is not type(ruled):
        yield Difference(place, "event", _topic(recorded), _topic(ruled))
        return
    for field, left, right in _fields(recorded.TOPIC, recorded, ruled):
        if isinstance(recorded, RequestCancelled) and left == () and field.endswith(".items"):
            # Events of the first schema name no items: then it was all.
            continue
        yield Difference(place, field, left, right)


def _topic(event: Event | None) -> str:
    return "nothing" if event is None else event.TOPIC


def _fields(name: str, left: object, right: object) -> Iterator[tuple[str, object, object]]:
    """Yield the innermost fields that differ."""
    if left == right:
        return
    if isinstance(left, Personal) and isinstance(right, Personal):
        same = left.text == right.text or REDACTED in (left.text, right.text)
        if left.subject != right.subject or not same:
            yield name, left, right
    elif _alike(left, right):
        for one in dataclasses.fields(left):  # type: ignore[arg-type]  # both are dataclasses
            key = one.name
            yield from _fields(f"{name}.{key}", getattr(left, key), getattr(right, key))
    elif isinstance(left, tuple) and isinstance(right, tuple) and len(left) == len(right):
        for at, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from _fields(f"{name}[{at}]", one, other)
    else:
        yield name, left, right


def _alike(left: object, right: object) -> bool:
    return dataclasses.is_dataclass(left) and type(left) is type(right)


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Personal):
        return repr(value.text)
    if isinstance(value, tuple) and len(value) > MOST_SHOWN:
        return f"{len(value)} entries"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_shown, value))}]"
    return str(value)
