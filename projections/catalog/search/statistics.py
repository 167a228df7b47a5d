"""The numbers that ranking and spelling go by: in how many documents each term stands, how long fields
are, and how many permissions each app has that are seen by whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from domain.ports import Rows
from projections.catalog.search.documents import Document
from projections.catalog.search.spelling import letters
from projections.catalog.search.tables import Collection
from projections.columns import number

DOCUMENTS, PLACES = "documents", "places"
FIELDS = ("label", "app", "categories", "description", "about")
OPENING = 3
"""Characters by which terms are found that begin alike."""


def lengths(document: Document) -> Counter[str]:
    """Return how many words each field has, and that this is one document."""
    context = document.context
    fields = (
        document.label,
        context.app,
        context.categories,
        document.description,
        context.about,
    )
    counted = {name: len(words) for name, words in zip(FIELDS, fields, strict=True)}
    return Counter({DOCUMENTS: 1, **counted})


@dataclass(frozen=True, slots=True)
class Totals:
    """How many documents there are, and the mean length of each field, at least 1."""

    documents: int
    mean: Mapping[str, float]


def totals(rows: Rows, generation: int, collection: Collection) -> Totals:
    """Return the totals of a collection."""
    found = rows.select(
        "SELECT field, total FROM search_total WHERE generation = ? AND collection = ?",
        (generation, collection),
    )
    sums = {str(field): number(total) for field, total in found}
    documents = sums.get(DOCUMENTS, 0)
    mean = {one: max(1.0, sums.get(one, 0) / max(1, documents)) for one in FIELDS}
    return Totals(documents, mean)


def places(rows: Rows, generation: int, collection: Collection) -> int:
    """Return how many documents have ever come into a collection."""
    found = rows.select(
        "SELECT total FROM search_total WHERE generation = ? AND collection = ? AND field = ?",
        (generation, collection, PLACES),
    )
    return number(found[0][0]) if found else 0


def add_totals(rows: Rows, generation: int, collection: Collection, more: Counter[str]) -> None:
    """Add to the totals."""
    rows.execute_many(
        "INSERT INTO search_total (generation, collection, field, total) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (generation, collection, field) "
        "DO UPDATE SET total = search_total.total + excluded.total",
        [(generation, collection, field, count) for field, count in more.items() if count],
    )


def add_terms(rows: Rows, generation: int, collection: Collection, more: Counter[str]) -> None:
    """Add to how many documents hold each term; a term that none holds is forgotten."""
    rows.execute_many(
        "INSERT INTO search_term "
        "(generation, collection, term, documents, size, letters, initial, opening) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (generation, collection, term) "
        "DO UPDATE SET documents = search_term.documents + excluded.documents",
        [
            (generation, collection, term, count, *_shape(term))
            for term, count in sorted(more.items())
            if count
        ],
    )
    rows.execute_many(
        "DELETE FROM search_term "
        "WHERE generation = ? AND collection = ? AND term = ? AND documents <= 0",
        [(generation, collection, term) for term, count in sorted(more.items()) if count < 0],
    )


def _shape(term: str) -> tuple[int, int, str, str]:
    return len(term), letters(term), term[:1], term[:OPENING]


def add_tally(rows: Rows, generation: int, more: Counter[tuple[str, int]]) -> None:
    """Add to how many permissions of each app have each audience."""
    changes = [(generation, app, one, count) for (app, one), count in more.items() if count]
    rows.execute_many(
        "INSERT INTO search_tally (generation, app_id, audience, permissions) "
        "VALUES (?, ?, ?, ?) ON CONFLICT (generation, app_id, audience) "
        "DO UPDATE SET permissions = search_tally.permissions + excluded.permissions",
        changes,
    )
    rows.execute_many(
        "DELETE FROM search_tally "
        "WHERE generation = ? AND app_id = ? AND audience = ? AND permissions <= 0",
        [change[:3] for change in changes if change[3] < 0],
    )


def audiences_of(rows: Rows, generation: int, app_id: str) -> set[int]:
    """Return the audiences that may request permissions of an app."""
    found = rows.select(
        "SELECT audience FROM search_tally WHERE generation = ? AND app_id = ?",
        (generation, app_id),
    )
    return {number(one) for (one,) in found}
