"""What a person need not ask for: what he holds, and what is being asked for already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.ports import Rows
from domain.values import PersonId, RequestId
from projections.holdings import held_items, open_items


@dataclass(frozen=True, slots=True)
class Taken:
    """Apps and permissions by id: those held, and those being asked for, each by which request."""

    held: frozenset[str]
    pending: dict[str, RequestId]

    def __contains__(self, item_id: str) -> bool:
        return item_id in self.held or item_id in self.pending

    @property
    def items(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(sorted({*self.held, *self.pending}))

    def fields(self, item_id: str, *, otherwise: bool = False) -> dict[str, Any]:
        """Return what a client is told of an item: whether it may be requested, and else why not;
        `otherwise` says that more than the item itself may be."""
        return {
            "requestable": otherwise or item_id not in self,
            "reason_not_requestable": None if otherwise else self._reason(item_id),
            "already_held": item_id in self.held,
        }

    def mark(self, item_id: str) -> str:
        """Return in two words why an item may not be requested, nothing where it may."""
        if item_id in self.held:
            return "already held"
        return "already requested" if item_id in self.pending else ""

    def _reason(self, item_id: str) -> str | None:
        if item_id in self.held:
            return "already_held"
        if item_id in self.pending:
            return f"already_requested: {self.pending[item_id]}"
        return None


def taken_by(rows: Rows, person_id: PersonId) -> Taken:
    """Return what this person holds and asks for."""
    pending = open_items(rows, person_id, extension=False)
    held = (one.item_id for one in held_items(rows, person_id) if not one.ending)
    return Taken(frozenset(held), pending)
