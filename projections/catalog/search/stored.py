"""Documents as they stand in the index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.ports import Row, Rows
from domain.postings import Posting
from projections.catalog.search.documents import Context, Document, joined, parted
from projections.catalog.search.interning import contexts
from projections.catalog.search.tables import Collection
from projections.columns import number

COLUMNS = "number, item_id, app_id, audience, context, label, description, marks"
SEQUENCE_BITS = 40
"""A document's number is the length of its label, then the place in which it came: so the first that the
index finds are those with the shortest labels, and no others need be looked at."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A document, the number it is posted under, and the numbers of its context and audience."""

    number: int
    document: Document
    context: int
    audience: int

    @property
    def posting(self) -> Posting:
        """What is posted of it."""
        return Posting(self.number, self.audience, self.document.terms)


def stored_items(
    rows: Rows, generation: int, collection: Collection, items: Sequence[str]
) -> dict[str, Stored]:
    """Return those of the items that are in the index."""
    return _stored(rows, generation, collection, "item_id", items)


def stored_numbers(
    rows: Rows, generation: int, collection: Collection, numbers: Iterable[int]
) -> dict[str, Stored]:
    """Return the documents posted under these numbers."""
    return _stored(rows, generation, collection, "number", tuple(numbers))


def _stored(
    rows: Rows, generation: int, collection: Collection, key: str, keys: Sequence[str | int]
) -> dict[str, Stored]:
    if not keys:
        return {}
    found = rows.select(
        f"SELECT {COLUMNS} FROM search_document WHERE generation = ? AND collection = ? "
        f"AND {key} IN ({', '.join('?' * len(keys))})",
        (generation, collection, *keys),
    )
    of = contexts(rows, (number(row[4]) for row in found))
    return {str(row[1]): _document(row, of[number(row[4])]) for row in found}


def _document(row: Row, context: Context) -> Stored:
    document = Document(
        item_id=str(row[1]),
        app_id=str(row[2]),
        label=parted(row[5]),
        description=parted(row[6]),
        context=context,
        marks=parted(row[7]),
        length=number(row[0]) >> SEQUENCE_BITS,
    )
    return Stored(number(row[0]), document, number(row[4]), number(row[3]))


def numbered(document: Document, place: int) -> int:
    """Return the number of the document that came in this place."""
    return document.length << SEQUENCE_BITS | place


def place_of(stored: Stored) -> int:
    """Return the place in which a document came."""
    return stored.number & ((1 << SEQUENCE_BITS) - 1)


def insert(rows: Rows, generation: int, collection: Collection, items: Sequence[Stored]) -> None:
    """Add documents."""
    rows.execute_many(
        f"INSERT INTO search_document (generation, collection, {COLUMNS}) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                generation,
                collection,
                one.number,
                one.document.item_id,
                one.document.app_id,
                one.audience,
                one.context,
                joined(one.document.label),
                joined(one.document.description),
                joined(one.document.marks),
            )
            for one in items
        ],
    )


def delete(rows: Rows, generation: int, collection: Collection, items: Sequence[Stored]) -> None:
    """Take documents out."""
    rows.execute_many(
        "DELETE FROM search_document WHERE generation = ? AND collection = ? AND number = ?",
        [(generation, collection, one.number) for one in items],
    )
