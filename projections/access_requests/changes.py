"""The two changes that all events are made of: of items, and of the words with which a request ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.access_request import (
    AccessRevoked,
    ProvisioningDenied,
    RequestCancelled,
    RequestDenied,
)
from domain.ports import Rows, Value

Changes = Mapping[str, Value]
NOBODY: Changes = {"waiting_json": "[]", "stage_name": ""}
"""Nobody is waited for."""


def change_items(rows: Rows, request_id: str, items: Iterable[str], changes: Changes) -> None:
    """Set these columns of the items."""
    names = ", ".join(f"{name} = ?" for name in changes)
    for item_id in items:
        rows.execute(
            f"UPDATE access_request_item SET {names} WHERE request_id = ? AND item_id = ?",
            (*changes.values(), request_id, item_id),
        )


def keep_reason(
    rows: Rows, event: RequestDenied | RequestCancelled | ProvisioningDenied | AccessRevoked
) -> None:
    """Keep why the request, or a part of it, came to its end."""
    if event.reason is not None:
        rows.execute(
            "UPDATE access_request SET closed_reason = ?, closed_reason_of = ? WHERE request_id = ?",
            (event.reason.text, event.reason.subject, event.request_id),
        )
