"""An inverted index beside the tables of the store: which documents hold which terms. It finds; it does
not rank, so that both databases find the same. Collections are kept apart and known by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

COLLECTIONS = ("app_0", "app_1", "permission_0", "permission_1")
"""Apps and permissions, each in two generations: one is searched while the other is built."""

Term = str
"""Any text without blanks, at most `MOST_TERM` characters."""

MOST_TERM = 200

Alternative = tuple[Term, ...]
"""Terms that must all be there."""

Group = tuple[Alternative, ...]
"""Alternatives of which one must be there."""


@dataclass(frozen=True, slots=True)
class Posting:
    """A document: its number in the collection, below 2^63, by which it comes before those with
    higher ones; who may see it (the number of an audience); and its terms, each once."""

    number: int
    audience: int
    terms: tuple[Term, ...]


class Postings(Protocol):
    """The index, within one transaction or one consistent read."""

    def put(self, collection: str, postings: Sequence[Posting]) -> None:
        """Add documents whose numbers are not there."""

    def remove(self, collection: str, postings: Sequence[Posting]) -> None:
        """Take documents out, given just as they were put in."""

    def clear(self, collection: str) -> None:
        """Take all documents out."""

    def find(
        self,
        collection: str,
        groups: Sequence[Group],
        seen: Sequence[int] | None,
        limit: int,
        *,
        common: bool = False,
    ) -> list[int]:
        """Return the numbers of the first `limit` documents in which each of the groups is, and whose
        audience is one of those `seen` (None: whatever it is), in order. `common` says that so many
        are to be expected that it is quicker to look at one after the other until there are enough
        than to gather all."""
