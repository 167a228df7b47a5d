"""Tables in a store that is thrown away: read models worked out for one question, beside those that answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from domain.ports import EventStore, Transaction

Scratch = Callable[[], EventStore]
"""Opens an empty store that is thrown away when it is closed."""


@contextmanager
def scratch_tables(scratch: Scratch, schema: Sequence[str]) -> Iterator[Transaction]:
    """Open these tables, empty, in one transaction; they are gone at the end."""
    store = scratch()
    try:
        store.create(schema)
        with store.write() as transaction:
            yield transaction
    finally:
        store.close()
