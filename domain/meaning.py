"""What a text means, as a vector: for a search that finds by meaning beside the one that finds by words.
A vector has length 1; it is kept as signed bytes, each component times 127."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

Vector = bytes


class Vectors(Protocol):
    """Many vectors, ready to be compared."""

    def nearest(self, to: Vector, among: Sequence[int], limit: int) -> list[tuple[int, float]]:
        """Return the places of up to `limit` of the vectors at the places `among`, the most alike
        first, each with its likeness (the cosine, from -1 to 1)."""


class Embedder(Protocol):
    """A model that tells what texts mean."""

    @property
    def model(self) -> str:
        """What tells this model's vectors from another's."""

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Return what each text means; blocking, some milliseconds each."""

    def gathered(self, vectors: Sequence[Vector]) -> Vectors:
        """Return these vectors, ready to be compared."""
