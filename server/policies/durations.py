"""Lengths of time read as people write them: ``90 seconds``, ``8 hours``, ``30 days``, ``unlimited``. What
`domain.lengths` writes is read back."""

from __future__ import annotations

import re

from domain.lengths import UNITS, UNLIMITED

LONGEST = 100 * 366 * UNITS["day"]
"""A century: what lasts longer is meant to be unlimited."""

_LENGTH = re.compile(r"([1-9]\d{0,9}) *(second|minute|hour|day|week)s?", re.IGNORECASE | re.ASCII)


def parse_duration(text: str) -> int:
    """Return the seconds; raises `ValueError` with words that name what would be right."""
    found = _LENGTH.fullmatch(text.strip())
    seconds = int(found[1]) * UNITS[found[2].lower()] if found else 0
    if not 0 < seconds <= LONGEST:
        msg = f"{text[:40]!r} is no length of time; write it like 8 hours or 30 days"
        raise ValueError(msg)
    return seconds


def parse_length(text: str) -> int | None:
    """Return the seconds of a length of access, None for ``unlimited``; raises `ValueError`."""
    return None if text.strip().lower() == UNLIMITED else parse_duration(text)
