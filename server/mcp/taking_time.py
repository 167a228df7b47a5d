"""Which queries may run on the event loop, where the store is this process's own file and the way to a worker
thread and back costs more than a short query. A query says by itself when it is about to do what may take
long; on the loop it is then given up, and begun again on a thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_AT_ONCE: ContextVar[bool] = ContextVar("at_once", default=False)


class TakesTime(Exception):  # noqa: N818 - says what is
    """It would hold the event loop for longer than others should wait."""


@contextmanager
def at_once() -> Iterator[None]:
    """Let nothing inside take long: `may_take_time` raises `TakesTime`."""
    former = _AT_ONCE.set(True)
    try:
        yield
    finally:
        _AT_ONCE.reset(former)


def may_take_time() -> None:
    """Say that what comes now may take more than a millisecond or two."""
    if _AT_ONCE.get():
        raise TakesTime
