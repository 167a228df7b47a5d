"""Where a ranking ends. A long question meets hundreds of documents in one of its words, which is no help to whoever
reads on: where the best meet much of the question, those far down that meet little of it, and are worth
little beside the best, are left out. None of the first `KEPT` ever is, so that what is read first stands as it
was ranked; and a question that nothing meets well is answered with all there is."""

from __future__ import annotations

from projections.catalog.search.findings import Hit, Match, judged
from projections.catalog.search.scoring import CALLED_SO

KEPT = 20
"""Hits that stay, whatever they are worth: two pages of them."""
COVERED, WORTH = 0.4, 0.15
"""What part of the best's coverage and of the best's score a hit further down has to have one of."""


def without_tail(hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
    """Return the hits, the best first, up to where they say nothing any more."""
    if len(hits) <= KEPT or judged(hits) not in (Match.STRONG, Match.PARTIAL):
        return hits
    coverage = COVERED * max(one.coverage for one in hits)
    # What is called just so stands above all comparison.
    score = WORTH * max((one.score for one in hits if one.score < CALLED_SO), default=0.0)
    rest = (one for one in hits[KEPT:] if one.coverage >= coverage or one.score >= score)
    return (*hits[:KEPT], *rest)
