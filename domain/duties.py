"""Duties: work behind the scenes that one process at a time does, however many serve one database, and
how a process that has it taken from it is kept from going on. Who holds a duty has a tenure; every change of
holder begins a new epoch, a number that only grows (a fencing token). A holder finds out late that its
tenure is over, after a pause or a cut network; so whatever must not be done by two checks the epoch in the
transaction that does it. Nobody is elected: a duty that is free goes to the first that tries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NewType, Protocol

from domain.ports import Rows

Duty = NewType("Duty", str)

PUBLISHING = Duty("publishing")
READING_COMMANDS = Duty("reading commands")
TIMERS = Duty("timers")
WEBHOOKS = Duty("webhooks")
MAIL = Duty("mail")
CHECKPOINTS = Duty("checkpoints")
EMBEDDING = Duty("embedding")
SWEEPING = Duty("sweeping")


def following(projection: str) -> Duty:
    """Return the duty of keeping a followed read model up with the log."""
    return Duty(f"following {projection}")


@dataclass(frozen=True, slots=True)
class Tenure:
    """That this process holds a duty, in which epoch and since when."""

    duty: Duty
    epoch: int
    since: datetime


class TenureOver(Exception):  # noqa: N818 - says what is, as the refusals do
    """Another process has taken the duty: nothing more may be done in its name."""


Fence = Callable[[Rows], None]
"""Called first in a write transaction that does a duty's work; raises `TenureOver`."""


def unfenced(_rows: Rows) -> None:
    """Let everything through: the fence where nobody else does the work."""


class Duties(Protocol):
    """The duties as one process sees them. All methods may be called from any thread; none waits for
    another process."""

    def want(self, duty: Duty, changed: Callable[[], None]) -> None:
        """Try to hold a duty from now on; `changed` is called, on whatever thread, when that begins
        or ends."""

    def resign(self, duty: Duty) -> None:
        """Give a duty up, and want it no more; others may have it at once."""

    def tenure(self, duty: Duty) -> Tenure | None:
        """Return the tenure while the duty is held for certain."""

    def check(self, rows: Rows, tenure: Tenure) -> None:
        """Raise `TenureOver` unless this tenure is still the newest, inside a write transaction: what
        that transaction then does is done before anything that a later holder does."""


class EveryDuty:
    """The duties where one process serves a database alone, as on SQLite: it holds what it wants."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._held: dict[Duty, Tenure] = {}

    def want(self, duty: Duty, changed: Callable[[], None]) -> None:
        """Hold a duty from now on."""
        self._held[duty] = Tenure(duty, 1, self._clock())
        changed()

    def resign(self, duty: Duty) -> None:
        """Hold it no more."""
        self._held.pop(duty, None)

    def tenure(self, duty: Duty) -> Tenure | None:
        """Return the tenure of a duty that is wanted."""
        return self._held.get(duty)

    def check(self, rows: Rows, tenure: Tenure) -> None:
        """Do nothing: there is nobody else."""
