"""Of which trace is what is being done now: the `traceparent` that came with a request, or that of our own
span where traces are recorded. It goes with the request through coroutines and threads, and from there into
every `CommandContext`; it is carried on whether or not anybody records traces here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from domain.trace_context import Traceparent

_CURRENT: ContextVar[Traceparent | None] = ContextVar("doorward.traceparent", default=None)


current_traceparent = _CURRENT.get
"""Returns the `traceparent` of what is being done now, None if it is part of no trace."""


@contextmanager
def within(parent: Traceparent | None) -> Iterator[None]:
    """Let what is done in the block be part of this trace."""
    token = _CURRENT.set(parent)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def enter(parent: Traceparent | None) -> None:
    """Be part of this trace from now on; for a thread that takes one job after another."""
    _CURRENT.set(parent)
