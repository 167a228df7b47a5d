"""Garbage that is looked for more seldom, while a log is replayed: events make millions of objects and no
cycles among them, and looking for some all the time takes an eighth of the whole."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS = 200_000
"""So many new ones before the collector looks; the interpreter's own measure is hundreds."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Let the collector look more seldom until the block is left."""
    before = gc.get_threshold()
    gc.set_threshold(OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
