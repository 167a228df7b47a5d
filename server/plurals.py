"""Numbers of things, as they are told."""

from __future__ import annotations


def counted_of(count: int, one: str, many: str | None = None) -> str:
    """Return how many there are of what, in words: ``1 policy``, ``2,000 events``."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
