"""Which documents are out of date. Events of the catalog only note it here, so that what changes ten times
in a batch is indexed once, and what changes ten thousand documents (an app's new name) does so in
steps."""

from __future__ import annotations

from collections.abc import Sequence

from domain.ports import Rows
from projections.catalog.search.tables import Collection

_NOTE = (
    "INSERT INTO search_pending (generation, collection, item_id) "
    "SELECT g.generation, '{}', {} WHERE {} ON CONFLICT DO NOTHING"
)


def app_changed(rows: Rows, app_id: str) -> None:
    """Note that an app is to be indexed anew."""
    rows.execute(
        _NOTE.format(Collection.APP, "? FROM search_generation g", "1 = 1"),
        (app_id,),
    )


def permission_changed(rows: Rows, permission_id: str) -> None:
    """Note that a permission is to be indexed anew."""
    rows.execute(
        _NOTE.format(Collection.PERMISSION, "? FROM search_generation g", "1 = 1"),
        (permission_id,),
    )


def permissions_changed(rows: Rows, app_id: str) -> None:
    """Note that all permissions of an app are to be indexed anew."""
    source = "p.permission_id FROM search_generation g CROSS JOIN permission p"
    rows.execute(_NOTE.format(Collection.PERMISSION, source, "p.app_id = ?"), (app_id,))


def all_changed(rows: Rows, generation: int) -> None:
    """Note that a generation is to be filled with all there is."""
    for collection, table in ((Collection.APP, "app"), (Collection.PERMISSION, "permission")):
        source = f"i.{collection}_id FROM search_generation g CROSS JOIN {table} i"
        rows.execute(_NOTE.format(collection, source, "g.generation = ?"), (generation,))


def pending(rows: Rows, generation: int, collection: Collection, limit: int) -> list[str]:
    """Return up to `limit` of the documents of a collection that are out of date."""
    found = rows.select(
        "SELECT item_id FROM search_pending WHERE generation = ? AND collection = ? "
        "ORDER BY item_id LIMIT ?",
        (generation, collection, limit),
    )
    return [str(item_id) for (item_id,) in found]


def done(rows: Rows, generation: int, collection: Collection, items: Sequence[str]) -> None:
    """Note that these are up to date."""
    rows.execute(
        "DELETE FROM search_pending WHERE generation = ? AND collection = ? "
        f"AND item_id IN ({', '.join('?' * len(items))})",
        (generation, collection, *items),
    )
