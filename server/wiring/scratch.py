"""A store in memory, for read models that are needed for one question and then never again."""

from __future__ import annotations

from adapters.open_store import MEMORY, open_store
from domain.ports import EventStore


def open_scratch() -> EventStore:
    """Open an empty store in memory."""
    return open_store(MEMORY)
