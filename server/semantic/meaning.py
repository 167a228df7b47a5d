"""Finding what means the like: all vectors are held in memory and compared with the query's, those alone
that the person may see. They are loaded anew when the catalog or a vector has changed."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from domain.meaning import Embedder, Vector, Vectors
from domain.ports import Rows
from projections import catalog
from projections.catalog.search import vectors
from projections.catalog.search.generations import live_generation
from projections.catalog.search.tables import Collection
from projections.catalog.search.vectors import Placed
from server.follower import position_of

MOST = 50
LEAST_LIKENESS = 0.3
"""Below this, texts have nothing to do with each other."""

Stamp = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Loaded:
    stamp: Stamp
    placed: Sequence[Placed]
    vectors: Vectors


class Meaning:
    """Finds by meaning, on any thread."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self._lock = threading.Lock()
        self._loaded: dict[Collection, _Loaded] = {}
        self._asked: dict[str, Vector] = {}

    def nearest(
        self, rows: Rows, collection: Collection, query: str, audiences: Sequence[int]
    ) -> list[str]:
        """Return what means the like and may be seen, the most alike first; an app also for the sake
        of its permissions."""
        vector = self._vector(query)
        found = self._alike(rows, Collection.PERMISSION, vector, audiences)
        if collection is Collection.PERMISSION:
            return [one.item_id for one, _ in found]
        best: dict[str, float] = {}
        for one, likeness in (*found, *self._alike(rows, Collection.APP, vector, audiences)):
            best[one.app_id] = max(likeness, best.get(one.app_id, 0.0))
        return sorted(best, key=lambda app_id: (-best[app_id], app_id))

    def _alike(
        self, rows: Rows, collection: Collection, vector: Vector, audiences: Sequence[int]
    ) -> list[tuple[Placed, float]]:
        loaded, seen = self._load(rows, collection), frozenset(audiences)
        among = [at for at, one in enumerate(loaded.placed) if one.audience in seen]
        nearest = loaded.vectors.nearest(vector, among, MOST)
        return [(loaded.placed[at], one) for at, one in nearest if one >= LEAST_LIKENESS]

    def _vector(self, query: str) -> Vector:
        """Return what a query means; the last few are remembered."""
        known = self._asked.get(query)
        if known is None:
            known = self.embedder.embed([query])[0]
            with self._lock:
                if len(self._asked) >= MOST:
                    self._asked.clear()
                self._asked[query] = known
        return known

    def _load(self, rows: Rows, collection: Collection) -> _Loaded:
        generation = live_generation(rows)
        stamp = (generation, position_of(rows, catalog.PROJECTION), *vectors.stamp(rows))
        loaded = self._loaded.get(collection)
        if loaded is None or loaded.stamp != stamp:
            with self._lock:
                placed = vectors.placed(rows, generation, collection, self.embedder.model)
                gathered = self.embedder.gathered([one.vector for one in placed])
                loaded = self._loaded[collection] = _Loaded(stamp, placed, gathered)
        return loaded
