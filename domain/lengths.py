"""Lengths of time in words, as people read and write them: ``90 seconds``, ``8 hours``, ``30 days``, and ``unlimited``
for access that does not end. Only writing them is here; `server.policies.durations` reads them."""

from __future__ import annotations

UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
UNLIMITED = "unlimited"


def format_duration(seconds: int) -> str:
    """Return the shortest text that says a length of time exactly."""
    unit, size = next(
        (name, size) for name, size in reversed(UNITS.items()) if seconds % size == 0
    )
    if unit == "week":
        # Policies speak of days.
        unit, size = "day", UNITS["day"]
    count = seconds // size
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def format_length(seconds: int | None) -> str:
    """Return the same for a length of access; None is unlimited."""
    return UNLIMITED if seconds is None else format_duration(seconds)
