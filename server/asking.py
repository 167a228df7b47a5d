"""Who waits for what is being done, as far as anybody knows. The HTTP server says it at the beginning
of each request; the writer and the queue of queries look before they begin: what nobody waits for
any more is not done at all. Work of our own (timers, imports, commands from NATS) has no asker and is
always done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from domain.ports import Unavailable

LONGEST_WAIT = 10.0
"""Seconds after which what has not begun is refused rather than done late: most clients have given up,
and each that is served late makes all behind it late as well."""


class Asker(Protocol):
    """Somebody who waits for an answer."""

    @property
    def gone(self) -> bool:
        """Whether he has hung up."""


ASKER: ContextVar[Asker | None] = ContextVar("asker", default=None)


@contextmanager
def for_ourselves() -> Iterator[None]:
    """Do what is inside whether or not the client waits for it: to count a failure, for instance."""
    former = ASKER.set(None)
    try:
        yield
    finally:
        ASKER.reset(former)


class NotBegun(Unavailable):
    """Too many waited, it had waited for too long, or its client had gone. Nothing was done."""


def still_wanted(asker: Asker | None, waited: float, longest: float = LONGEST_WAIT) -> bool:
    """Say whether to begin what was asked for `waited` seconds ago."""
    return asker is None or (waited <= longest and not asker.gone)
