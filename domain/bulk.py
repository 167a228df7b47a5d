"""Tables taken and given as a whole, for whoever copies or compares them, and the log as it is stored.
Rows come as a stream, so that a table may be larger than memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from domain.chain import Link

Column = str | int | float | bytes | None
"""What a column holds."""


class Bulk(Protocol):
    """Whole tables, within one transaction or one consistent read."""

    def scan(self, table: str, columns: Sequence[str]) -> Iterator[tuple[Column, ...]]:
        """Yield all rows, in no order that means anything. The table may not change meanwhile."""

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Column]]) -> None:
        """Add rows, whose keys are not there."""

    def log_end(self) -> tuple[int, bytes]:
        """Return where the log says that it ends: position and hash; of a write transaction, before
        what it has appended itself."""

    def links(self) -> Iterator[Link]:
        """Yield the log as it is stored, in order."""

    def load_log(self, links: Iterable[Link], position: int, digest: bytes) -> None:
        """Store a log as it was stored elsewhere, where there is none: its events, and where it ends."""
