"""A page of rows, as lists are answered: numbered from 1, with the total."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of `total` items; `page` counts from 1, `size` is the most items on a page."""

    items: tuple[Item, ...]
    total: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        """Number of pages; 0 if there are no items."""
        return -(-self.total // self.size)
