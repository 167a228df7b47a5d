"""One ranking out of several: reciprocal rank fusion (Cormack, Clarke, Buettcher 2009), which asks for ranks
alone and so fuses what has no common scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

K = 60
"""How little it matters to be first rather than second."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Items, the best first, and what this ranking is worth beside the others."""

    items: Sequence[str]
    weight: float = 1.0


def fused(rankings: Sequence[Ranked]) -> dict[str, float]:
    """Return the score of each item that is in any of the rankings."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for place, item in enumerate(ranking.items, start=1):
            scores[item] = scores.get(item, 0.0) + ranking.weight / (K + place)
    return scores
