"""What a search found, and what it says of itself: how well the query was met, which of its words were
met by nothing, and which were taken to be misspelt. All of it is drawn from what the person may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from projections.catalog.search.analysis import Word, stem, words
from projections.catalog.search.planning import Origin, Plan

PARTIAL, STRONG = 0.42, 0.7
"""Coverage from which a match is called partial, and strong."""
JUDGED = 3
"""So many of the best are judged by."""


class Match(StrEnum):
    """How well the best of what was found meets the query."""

    STRONG = "strong"
    PARTIAL = "partial"
    WEAK = "weak"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Hit:
    """An app or a permission that was found: its score, a number by which equal ones are ordered
    (lower first), what part of the query it meets, and the terms it meets it by, one set for each
    word sought. `parts` are the permissions for which an app was found, the best first."""

    item_id: str
    score: float
    tie: int
    coverage: float
    met: tuple[frozenset[str], ...]
    parts: tuple[str, ...] = ()

    @property
    def terms(self) -> frozenset[str]:
        """All terms that were met."""
        return frozenset(term for one in self.met for term in one)

    @property
    def key(self) -> tuple[float, int, str]:
        """What hits are ordered by."""
        return -self.score, self.tie, self.item_id


@dataclass(frozen=True, slots=True)
class Found:
    """Hits, the best first. `corrected` gives for a word the term that was met in its place."""

    hits: tuple[Hit, ...] = ()
    match: Match = Match.NONE
    unmatched: tuple[str, ...] = ()
    corrected: Mapping[str, str] = field(default_factory=dict)


def judged(hits: Sequence[Hit]) -> Match:
    """Return how well the best of these meet the query."""
    best = max((one.coverage for one in hits[:JUDGED]), default=None)
    if best is None:
        return Match.NONE
    return Match.STRONG if best >= STRONG else Match.PARTIAL if best >= PARTIAL else Match.WEAK


@dataclass(frozen=True, slots=True)
class Wording:
    """What became of the words of one phrasing: those that were met, those that were not, and the
    terms that stand in for some."""

    met: frozenset[str]
    unmet: tuple[str, ...]
    corrected: Mapping[str, str]


def worded(plan: Plan, hits: Sequence[Hit]) -> Wording:
    """Say what became of the words of a query, among the hits alone. Words that only ask, and
    those of the purpose, are passed over."""
    met: list[Word] = []
    unmet: list[Word] = []
    corrected = {}
    for at, sought in enumerate(plan.sought):
        word = sought.said.word
        first = next((one.met[at] for one in hits if at < len(one.met) and one.met[at]), None)
        if first is not None:
            met.append(word)
            spelled = (c for c in sought.choices if c.origin is Origin.SPELLING)
            meant = [term for choice in spelled for term in choice.terms if term in first]
            if meant:
                corrected[word.written] = meant[0]
        elif sought.said.weight == 1.0:
            unmet.append(word)
    told = dict.fromkeys(one.written for one in unmet if not _overlapped(one, met))
    return Wording(frozenset(one.written for one in met), tuple(told), corrected)


def _overlapped(word: Word, others: Sequence[Word]) -> bool:
    """Say whether a part of a word was met with a neighbour, as happens in writing without blanks."""
    return any(one.start < word.end and word.start < one.end for one in others)


def as_written(term: str, texts: Iterable[str]) -> str:
    """Return a term as it is written in texts that are shown; a term is but a stem."""
    for text in texts:
        for word in words(text):
            if stem(word.folded) == term:
                return word.folded
    return term


def gathered(hits: tuple[Hit, ...], wordings: Sequence[Wording]) -> Found:
    """Return what was found by several phrasings: a word is unmatched if none of them met it."""
    met = {word for one in wordings for word in one.met}
    unmet = dict.fromkeys(word for one in wordings for word in one.unmet if word not in met)
    corrected = {word: term for one in wordings for word, term in one.corrected.items()}
    return Found(hits, judged(hits), tuple(unmet), corrected)
