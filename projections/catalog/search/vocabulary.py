"""The words of a collection: in how many documents each stands, and which are like a given one."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from dataclasses import dataclass

from domain.ports import Rows
from projections.catalog.search import spelling
from projections.catalog.search.statistics import OPENING
from projections.catalog.search.tables import Collection
from projections.columns import number

MOST_ENDINGS = 12
"""Words taken of all that begin as the last word does."""
MOST_CORRECTIONS = 4


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one collection of one generation."""

    rows: Rows
    generation: int
    collection: Collection

    def documents(self, terms: AnyOf[str]) -> dict[str, int]:
        """Return in how many documents each of these terms stands; only those that stand in any."""
        wanted = sorted(set(terms))
        if not wanted:
            return {}
        found = self.rows.select(
            "SELECT term, documents FROM search_term WHERE generation = ? AND collection = ? "
            f"AND term IN ({', '.join('?' * len(wanted))})",
            (self.generation, self.collection, *wanted),
        )
        return {str(term): number(documents) for term, documents in found}

    def beginning_with(self, opening: str) -> list[str]:
        """Return the commonest terms that begin so and go on."""
        if len(opening) < OPENING:
            return []
        found = self.rows.select(
            "SELECT term FROM search_term WHERE generation = ? AND collection = ? "
            "AND opening = ? AND size > ? AND substr(term, 1, ?) = ? "
            "ORDER BY documents DESC, size, term LIMIT ?",
            (
                self.generation,
                self.collection,
                opening[:OPENING],
                len(opening),
                len(opening),
                opening,
                MOST_ENDINGS,
            ),
        )
        return [str(term) for (term,) in found]

    def kin(self, word: str, root: str) -> list[str]:
        """Return the terms that begin as the root of a word does, at most so much longer."""
        found = self.rows.select(
            "SELECT term FROM search_term WHERE generation = ? AND collection = ? "
            "AND opening = ? AND size <= ? AND substr(term, 1, ?) = ? AND term <> ? "
            "ORDER BY documents DESC, term LIMIT 50",
            (
                self.generation,
                self.collection,
                root[:OPENING],
                len(root) + 6,
                len(root),
                root,
                word,
            ),
        )
        return [str(term) for (term,) in found]

    def like(self, word: str) -> list[tuple[str, int]]:
        """Return the terms that may be meant by a word that is none, each with its number of slips;
        those with the fewest slips alone, the commonest first."""
        most = spelling.slips_allowed(word)
        if not most:
            return []
        bits = spelling.letters(word)
        near: list[tuple[int, int, str]] = []
        for term, documents, other in self._alike(word, most):
            if (bits ^ other).bit_count() <= 2 * most:
                apart = spelling.slips(word, term, most)
                if apart:
                    near.append((apart, -documents, term))
        near.sort()
        return [(term, apart) for apart, _, term in near if apart == near[0][0]][:MOST_CORRECTIONS]

    def _alike(self, word: str, most: int) -> list[tuple[str, int, int]]:
        letters = spelling.initials(word)
        found = self.rows.select(
            "SELECT term, documents, letters FROM search_term "
            "WHERE generation = ? AND collection = ? "
            f"AND initial IN ({', '.join('?' * len(letters))}) AND size BETWEEN ? AND ?",
            (self.generation, self.collection, *letters, len(word) - most, len(word) + most),
        )
        return [(str(term), number(documents), number(bits)) for term, documents, bits in found]
