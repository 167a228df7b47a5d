"""Why a system cannot start."""

from __future__ import annotations


class StartFailed(Exception):  # noqa: N818 - says what happened
    """The system cannot start; the message says why and what to do."""


class StoreInUse(StartFailed):
    """Another process writes this SQLite file."""
