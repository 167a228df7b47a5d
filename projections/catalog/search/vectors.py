"""What the records of the catalog mean, for a search by meaning: a table that is no part of the index, since
a model makes it, slowly, and whoever has none has none of it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from domain.meaning import Vector
from domain.ports import Row, Rows
from projections.catalog.search.tables import Collection
from projections.columns import number

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS search_vector ("
    "collection TEXT NOT NULL, item_id TEXT NOT NULL, model TEXT NOT NULL, digest TEXT NOT NULL, "
    "revision BIGINT NOT NULL, vector TEXT NOT NULL, PRIMARY KEY (collection, item_id))",
)
_SOURCES = {
    Collection.APP: "SELECT a.app_id, a.name, a.description, '', '' FROM app a "
    "WHERE a.app_id > ? ORDER BY a.app_id LIMIT ?",
    Collection.PERMISSION: "SELECT p.permission_id, p.label, p.description, a.name, a.description "
    "FROM permission p JOIN app a ON a.app_id = p.app_id "
    "WHERE p.permission_id > ? ORDER BY p.permission_id LIMIT ?",
}


@dataclass(frozen=True, slots=True)
class Meant:
    """A record's text, the model that reads it, and a digest of both."""

    item_id: str
    model: str
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A record's vector, the app it belongs to, and the number of who may request it."""

    item_id: str
    app_id: str
    audience: int
    vector: Vector


def records_after(
    rows: Rows, collection: Collection, last: str, limit: int, model: str
) -> list[Meant]:
    """Return the records whose ids come after `last`, in order."""
    found = rows.select(_SOURCES[collection], (last, limit))
    return [_meant(row, model) for row in found]


def stale(rows: Rows, collection: Collection, records: Sequence[Meant]) -> list[Meant]:
    """Return those of these records whose vector is absent or of another text or model."""
    if not records:
        return []
    marks = ", ".join("?" * len(records))
    found = rows.select(
        f"SELECT item_id, digest FROM search_vector WHERE collection = ? AND item_id IN ({marks})",
        (collection, *(one.item_id for one in records)),
    )
    known = {str(item_id): str(digest) for item_id, digest in found}
    return [one for one in records if known.get(one.item_id) != one.digest]


def store(
    rows: Rows, collection: Collection, records: Sequence[Meant], vectors: Sequence[Vector]
) -> None:
    """Keep what these records mean."""
    revision = number(
        rows.select("SELECT COALESCE(MAX(revision), 0) + 1 FROM search_vector")[0][0]
    )
    rows.execute_many(
        "INSERT INTO search_vector (collection, item_id, model, digest, revision, vector) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (collection, item_id) DO UPDATE SET "
        "model = excluded.model, digest = excluded.digest, revision = excluded.revision, vector = excluded.vector",
        [
            (
                collection,
                one.item_id,
                one.model,
                one.digest,
                revision,
                base64.b64encode(vector).decode(),
            )
            for one, vector in zip(records, vectors, strict=True)
        ],
    )


def forget_absent(rows: Rows) -> int:
    """Forget what records meant that are gone; return how many."""
    gone = 0
    for collection, table in ((Collection.APP, "app"), (Collection.PERMISSION, "permission")):
        gone += rows.execute(
            "DELETE FROM search_vector WHERE collection = ? "
            f"AND item_id NOT IN (SELECT {table}_id FROM {table})",
            (collection,),
        )
    return gone


def stamp(rows: Rows) -> tuple[int, int]:
    """Return what differs as soon as any vector does."""
    found = rows.select("SELECT COUNT(*), COALESCE(MAX(revision), 0) FROM search_vector")
    return number(found[0][0]), number(found[0][1])


def placed(rows: Rows, generation: int, collection: Collection, model: str) -> list[Placed]:
    """Return all vectors by this model of what stands in the index, in the order of their ids."""
    found = rows.select(
        "SELECT d.item_id, d.app_id, d.audience, v.vector FROM search_document d "
        "JOIN search_vector v ON v.collection = d.collection AND v.item_id = d.item_id "
        "WHERE d.generation = ? AND d.collection = ? AND v.model = ? ORDER BY d.item_id",
        (generation, collection, model),
    )
    return [
        Placed(str(item), str(app), number(audience), base64.b64decode(str(vector)))
        for item, app, audience, vector in found
    ]


def _meant(row: Row, model: str) -> Meant:
    item_id, name, description, app, about = map(str, row)
    text = ". ".join(filter(None, (name, description, app, about)))
    digest = hashlib.blake2b(f"{model}\0{text}".encode("utf-8", "replace"), digest_size=12)
    return Meant(item_id, model, text, digest.hexdigest())
