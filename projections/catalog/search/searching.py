"""Searching: apps and permissions that a person may request, the best first. Each phrasing is planned,
its candidates are found and scored, and the tail is cut unless the person has narrowed the search; an app is also
worth what the best of its permissions is; several phrasings, and the ranking by meaning where there is one, are fused by rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from domain.ports import Rows
from domain.postings import Group
from projections.catalog.rows import apps_by_id
from projections.catalog.search.analysis import whole
from projections.catalog.search.candidates import Ladder
from projections.catalog.search.cutting import without_tail
from projections.catalog.search.documents import app_mark, audience_mark, category_mark
from projections.catalog.search.findings import Found, Hit, Wording, gathered, worded
from projections.catalog.search.fusing import Ranked, fused
from projections.catalog.search.generations import live_generation
from projections.catalog.search.planning import Plan, plan
from projections.catalog.search.scoring import Scored, Scorer
from projections.catalog.search.statistics import totals
from projections.catalog.search.stored import stored_numbers
from projections.catalog.search.tables import Collection
from projections.catalog.search.thesaurus import Thesaurus
from projections.catalog.search.vocabulary import Vocabulary

MOST_QUERIES = 6
ROLL_UP = 0.5
"""What the best of its permissions adds to an app's own score."""
WORDS, MEANING = 2.0, 1.0
"""What a ranking by words is worth beside one by meaning."""
MOST_PARTS = 3
"""Permissions that are named for which an app was found."""


Phrasing = tuple[tuple[Hit, ...], Wording]
"""What one phrasing found, the best first, and what became of its words."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is sought: up to `MOST_QUERIES` phrasings of one question, of one app's permissions where
    `app_id` says so, or among the apps of a category; items `without` are left out."""

    queries: tuple[str, ...]
    app_id: str | None = None
    category: str | None = None
    without: frozenset[str] = frozenset()


class Meaning(Protocol):
    """Finds by meaning what may be seen, the most alike first."""

    def nearest(
        self, rows: Rows, collection: Collection, query: str, audiences: Sequence[int]
    ) -> list[str]:
        """Return the ids of apps or permissions."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search of the live index in the eyes of a person who is in these audiences; by words, and by
    `meaning` beside them where that is given."""

    rows: Rows
    seen: tuple[int, ...]
    thesaurus: Thesaurus
    meaning: Meaning | None = None

    def permissions(self, question: Question) -> Found:
        """Return permissions."""
        marks = () if question.app_id is None else (_marked(app_mark(question.app_id)),)
        phrasings = [
            self._phrasing(Collection.PERMISSION, query, marks) for query in _asked(question)
        ]
        return _fused(question, phrasings, self._meant(Collection.PERMISSION, question, phrasings))

    def apps(self, question: Question) -> Found:
        """Return apps, those too of which only a permission was found."""
        phrasings = [self._apps(query, question.category) for query in _asked(question)]
        return _fused(question, phrasings, self._meant(Collection.APP, question, phrasings))

    def _meant(
        self, collection: Collection, question: Question, phrasings: list[Phrasing]
    ) -> list[tuple[str, ...]]:
        """Return what each phrasing means the like of. Meaning never answers alone; and what the words
        did not find may only be added where nothing narrows the search."""
        found = {one.item_id for hits, _ in phrasings for one in hits}
        if self.meaning is None or not found:
            return []
        narrowed = question.app_id is not None or question.category is not None
        rankings = [
            self.meaning.nearest(self.rows, collection, query, self.seen)
            for query in _asked(question)
        ]
        return [tuple(one for one in each if not narrowed or one in found) for each in rankings]

    def _apps(self, query: str, category: str | None) -> Phrasing:
        marks = () if category is None else (_marked(category_mark(category)),)
        own, said = self._ranked(Collection.APP, query, marks)
        parts, meant = self._ranked(Collection.PERMISSION, query, ())
        apps = {one.document.item_id: _hit(one) for one in own}
        best = _by_app(parts)
        if category is not None:
            within = _within(self.rows, sorted(best), category)
            best = {app: best[app] for app in within}
        hits = sorted(
            (_rolled_up(app, apps.get(app), best.get(app, ())) for app in {*apps, *best}),
            key=lambda one: one.key,
        )
        wording = worded(said, hits)
        other = worded(meant, [_hit(one) for one in parts])
        kept = without_tail(tuple(hits)) if category is None else tuple(hits)
        return kept, Wording(
            wording.met | other.met,
            tuple(word for word in wording.unmet if word not in other.met),
            {**other.corrected, **wording.corrected},
        )

    def _phrasing(self, collection: Collection, query: str, marks: tuple[Group, ...]) -> Phrasing:
        scored, looked = self._ranked(collection, query, marks)
        hits = tuple(map(_hit, scored))
        return hits if marks else without_tail(hits), worded(looked, hits)

    def _ranked(
        self, collection: Collection, query: str, marks: tuple[Group, ...]
    ) -> tuple[list[Scored], Plan]:
        generation = live_generation(self.rows)
        looked = plan(query, Vocabulary(self.rows, generation, collection), self.thesaurus)
        postings = collection.postings(generation)
        if collection is Collection.APP:
            # An app has many audiences: they stand among its marks.
            seen = _marked(*map(audience_mark, self.seen))
            ladder = Ladder(self.rows, postings, None, (*marks, seen))
        else:
            ladder = Ladder(self.rows, postings, self.seen, marks)
        numbers = ladder.climb(looked, query)
        scorer = Scorer(query, looked, totals(self.rows, generation, collection))
        found = stored_numbers(self.rows, generation, collection, numbers)
        return scorer.scored(found.values()), looked


def _fused(
    question: Question, phrasings: list[Phrasing], meant: Sequence[tuple[str, ...]]
) -> Found:
    """Return one ranking of all; that of a single phrasing keeps its scores."""
    wordings = [wording for _, wording in phrasings]
    if len(phrasings) == 1 and not meant:
        hits = phrasings[0][0]
    else:
        hits = _by_rank([hits for hits, _ in phrasings], meant)
    kept = tuple(one for one in hits if one.item_id not in question.without)
    return gathered(kept, wordings)


def _by_rank(
    rankings: Sequence[tuple[Hit, ...]], meant: Sequence[tuple[str, ...]]
) -> tuple[Hit, ...]:
    best = {key: Hit(key, 0.0, 0, 0.0, ()) for each in meant for key in each}
    for hits in rankings:
        for one in hits:
            known = best.get(one.item_id)
            if known is None or known.coverage < one.coverage:
                best[one.item_id] = one
    by_words = [Ranked([one.item_id for one in hits], WORDS) for hits in rankings]
    scores = fused([*by_words, *(Ranked(each, MEANING) for each in meant)])
    scored = [replace(one, score=round(scores[key], 6)) for key, one in best.items()]
    return tuple(sorted(scored, key=lambda one: one.key))


def _within(rows: Rows, app_ids: Sequence[str], category: str) -> list[str]:
    """Return those of these apps that are of a category."""
    wanted = whole(category)
    found = apps_by_id(rows, app_ids).values()
    return [one.app_id for one in found if wanted in map(whole, one.categories)]


def _marked(*marks: str) -> Group:
    """Return the group of which one mark must be there."""
    return tuple((mark,) for mark in marks)


def _both(own: Hit | None, part: Hit | None) -> tuple[frozenset[str], ...]:
    """Return what each word was met by, in the app itself or in its permission: both were sought by
    the same words."""
    if own is None or part is None:
        only = own or part
        return only.met if only else ()
    return tuple(one | other for one, other in zip(own.met, part.met, strict=True))


def _asked(question: Question) -> Sequence[str]:
    return tuple(dict.fromkeys(question.queries))[:MOST_QUERIES]


def _hit(scored: Scored) -> Hit:
    document = scored.document
    return Hit(document.item_id, scored.score, document.length, scored.coverage, scored.met)


def _by_app(parts: Sequence[Scored]) -> Mapping[str, Sequence[Hit]]:
    """Return the permissions that were found by their apps, the best first."""
    found: dict[str, list[Hit]] = {}
    for one in parts:
        found.setdefault(one.document.app_id, []).append(_hit(one))
    return found


def _rolled_up(app_id: str, own: Hit | None, parts: Sequence[Hit]) -> Hit:
    """Return an app as it is found by itself and by its permissions; one of the two is there."""
    best = parts[0] if parts else None
    score = (own.score if own else 0.0) + (ROLL_UP * best.score if best else 0.0)
    leading = max((one for one in (own, best) if one), key=lambda one: one.coverage)
    return Hit(
        app_id,
        round(score, 6),
        own.tie if own else leading.tie,
        leading.coverage,
        _both(own, best),
        tuple(one.item_id for one in parts[:MOST_PARTS]),
    )
