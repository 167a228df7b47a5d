"""How well a document answers: BM25F (Robertson, Zaragoza, Taylor 2004) over the fields, of each word's
choices the best, and that the more the larger the part of the query is that was met. Pure, and the
same whatever database found the documents."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from projections.catalog.search.documents import Context, Document, name_mark
from projections.catalog.search.planning import Choice, Plan
from projections.catalog.search.statistics import Totals
from projections.catalog.search.stored import Stored

K1, B = 1.2, 0.4
FIELD_WEIGHTS = {"label": 4.0, "app": 2.5, "categories": 1.5, "description": 1.5, "about": 0.4}
CALLED_SO = 100.0
"""What is added to a document that is called just as the query is: it comes first."""
BASE = 0.3
"""What part of the score does not depend on coverage."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A document, its score, what part of the query it met (0 to 1), and the terms that met it."""

    document: Document
    score: float
    coverage: float
    met: tuple[frozenset[str], ...]


Best = list[tuple[float, Choice | None]]
"""For each word sought, what it is worth in a document, and by which choice."""


class Scorer:
    """Scores documents against one plan."""

    def __init__(self, query: str, plan: Plan, totals: Totals) -> None:
        self._name = name_mark(query)
        self._plan = plan
        self._totals = totals
        self._choices = _by_first_term(plan)
        terms = {term for one in plan.sought for choice in one.choices for term in choice.terms}
        self._rarity = {
            term: _idf(plan.documents.get(term, 0), totals.documents) for term in terms
        }
        self._contexts: dict[int, Mapping[str, float]] = {}

    def scored(self, documents: Iterable[Stored]) -> list[Scored]:
        """Return the scores of all documents that were found, the best first."""
        found = [(one.document, self._best(one)) for one in documents]
        importance = self._importance([best for _, best in found])
        whole = sum(importance) or 1.0
        scored = [self._score(document, best, importance, whole) for document, best in found]
        scored.sort(key=lambda one: (-one.score, one.document.length, one.document.item_id))
        return scored

    def _score(
        self, document: Document, best: Best, importance: list[float], whole: float
    ) -> Scored:
        score = covered = 0.0
        for (worth, taken), weight, one in zip(best, importance, self._plan.sought, strict=True):
            if taken is not None:
                score += worth * one.said.weight
                covered += weight * taken.weight
        coverage = covered / whole
        met = tuple(frozenset(taken.terms) if taken else frozenset() for _, taken in best)
        score *= BASE + (1 - BASE) * coverage
        if self._name in document.marks:
            score += CALLED_SO
        return Scored(document, round(score, 6), coverage, met)

    def _importance(self, found: list[Best]) -> list[float]:
        """Return what part of the query each word is. A word that was met nowhere counts as one that
        nobody knows, or it would tell that it stands in what may not be seen."""
        importance = []
        for at, one in enumerate(self._plan.sought):
            met = any(best[at][1] is not None for best in found)
            rarity = _idf(one.documents if met else 0, _rounded(self._totals.documents))
            importance.append(rarity * one.said.weight)
        return importance

    def _best(self, stored: Stored) -> Best:
        best: Best = [(0.0, None)] * len(self._plan.sought)
        frequencies = self._frequencies(stored.document, stored.context)
        for term in frequencies:
            for at, choice in self._choices.get(term, ()):
                worth = self._worth(choice, frequencies)
                if worth > best[at][0]:
                    best[at] = worth, choice
        return best

    def _worth(self, choice: Choice, frequencies: Mapping[str, float]) -> float:
        """Return what a choice is worth in a document: the mean of its terms, 0 unless all are
        there."""
        total = 0.0
        for term in choice.terms:
            frequency = frequencies.get(term)
            if frequency is None:
                return 0.0
            total += self._rarity[term] * frequency * (K1 + 1) / (K1 + frequency)
        return choice.weight * total / len(choice.terms)

    def _frequencies(self, document: Document, context: int) -> dict[str, float]:
        """Return the weighted frequency of each sought term."""
        if context not in self._contexts:
            self._contexts[context] = self._of_context(document.context)
        found = dict(self._contexts[context])
        self._add(found, "label", document.label)
        self._add(found, "description", document.description)
        return found

    def _of_context(self, context: Context) -> Mapping[str, float]:
        found: dict[str, float] = {}
        self._add(found, "app", context.app)
        self._add(found, "categories", context.categories)
        self._add(found, "about", context.about)
        return found

    def _add(self, found: dict[str, float], field: str, words: tuple[str, ...]) -> None:
        hits = [word for word in words if word in self._rarity]
        if hits:
            length = 1 - B + B * len(words) / self._totals.mean[field]
            for word in hits:
                found[word] = found.get(word, 0.0) + FIELD_WEIGHTS[field] / length


def _idf(documents: int, of: int) -> float:
    """Return how much it says that a term stands in so many documents of so many."""
    return math.log(1 + (max(of, documents) - documents + 0.5) / (documents + 0.5))


def _rounded(documents: int) -> int:
    """Return about how many documents there are: to the person, that is no count."""
    return int(4 ** max(5, math.ceil(math.log(max(1, documents), 4))))


def _by_first_term(plan: Plan) -> dict[str, list[tuple[int, Choice]]]:
    """Return the choices, each with the place of its word, by the first of their terms."""
    found: dict[str, list[tuple[int, Choice]]] = {}
    for at, one in enumerate(plan.sought):
        for choice in one.choices:
            found.setdefault(choice.terms[0], []).append((at, choice))
    return found
