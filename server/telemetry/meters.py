"""The port by which parts of the server count and measure. A name and labels are those of `catalogue`; the
default hears nothing, so that no part needs to know whether anybody listens."""

from __future__ import annotations

from typing import Protocol


class Meters(Protocol):
    """Counts, from any thread, at the cost of a dictionary entry."""

    def count(self, name: str, *labels: str, by: float = 1.0) -> None:
        """Add to a counter."""

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Add a value to a distribution."""


class Deaf:
    """Hears nothing."""

    def count(self, name: str, *labels: str, by: float = 1.0) -> None:
        """Do nothing."""

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Do nothing."""


DEAF = Deaf()
