"""Optimistic concurrency: a caller who says which version of something he saw changes no other."""

from __future__ import annotations

from domain.errors import StaleVersion


def check_version(expected: int | None, actual: int) -> None:
    """Raise `StaleVersion` if the caller says which version he saw and it is another now."""
    if expected not in (None, actual):
        raise StaleVersion(expected or 0, actual)
