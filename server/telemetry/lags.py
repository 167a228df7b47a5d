"""How far those who follow the log are behind it, as the store says: the same for every worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.ports import PublisherStatus, Rows
from projections.columns import number


@dataclass(frozen=True, slots=True)
class Lags:
    """The log's head, by how many events each followed read model is behind, and where publishing stands, by
    whichever process (None where NATS is off)."""

    head: int
    followed: Mapping[str, int]
    published: PublisherStatus | None


def lags_of(
    rows: Rows, head: int, followed: Sequence[str], published: PublisherStatus | None
) -> Lags:
    """Return the lags; `followed` are the names of the read models."""
    positions = {
        str(name): number(position)
        for name, position in rows.select("SELECT projection, position FROM followed_position")
    }
    behind = {name: max(head - positions.get(name, 0), 0) for name in followed}
    return Lags(head, behind, published)
