"""The port by which parts of the server time what they do as spans of a trace. The default records nothing and
passes on the `traceparent` that came. Names and attributes are out of the code: never ids, names or text of
people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from domain.trace_context import Traceparent

Attributes = Mapping[str, str | int | float | bool]
NOTHING: Attributes = {}


class Part(StrEnum):
    """What part a span has in its trace (OpenTelemetry's span kinds)."""

    SERVER = "server"
    INTERNAL = "internal"
    PRODUCER = "producer"
    CONSUMER = "consumer"
    CLIENT = "client"


class Span(Protocol):
    """Something that is being done."""

    @property
    def traceparent(self) -> Traceparent | None:
        """What those get who are called from here."""

    def end(self, attributes: Attributes = NOTHING, *, error: str = "", name: str = "") -> None:
        """It is done; `error` is what kind of fault it came to, if any, `name` a better name."""


@dataclass(frozen=True, slots=True)
class Interval:
    """When something began and ended, by `time.perf_counter`."""

    began: float
    ended: float


class Tracing(Protocol):
    """Begins spans, and records some that are over already."""

    @property
    def on(self) -> bool:
        """Whether anything is recorded."""

    def begin(
        self,
        name: str,
        parent: Traceparent | None,
        part: Part = Part.INTERNAL,
        attributes: Attributes = NOTHING,
    ) -> Span:
        """Begin a span of the parent's trace, or of a new one."""

    def record(
        self,
        name: str,
        parent: Traceparent | None,
        interval: Interval,
        part: Part = Part.INTERNAL,
        attributes: Attributes = NOTHING,
        links: Sequence[Traceparent] = (),
    ) -> None:
        """Record a span that is over."""


@dataclass(frozen=True, slots=True)
class _Passed:
    """A span that nobody records."""

    traceparent: Traceparent | None

    def end(self, attributes: Attributes = NOTHING, *, error: str = "", name: str = "") -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Untraced:
    """Records nothing."""

    on: bool = field(default=False, init=False)

    def begin(
        self,
        name: str,  # noqa: ARG002 - nobody records it
        parent: Traceparent | None,
        part: Part = Part.INTERNAL,  # noqa: ARG002
        attributes: Attributes = NOTHING,  # noqa: ARG002
    ) -> Span:
        """Return what passes the parent on."""
        return _Passed(parent)

    def record(
        self,
        name: str,
        parent: Traceparent | None,
        interval: Interval,
        part: Part = Part.INTERNAL,
        attributes: Attributes = NOTHING,
        links: Sequence[Traceparent] = (),
    ) -> None:
        """Do nothing."""


UNTRACED = Untraced()
