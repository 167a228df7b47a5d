"""Which access is being asked for at this moment: one row for each open request, keyed by who
would get what. It is what makes a second equal request find the first one."""

from __future__ import annotations

from hashlib import sha256

from domain.access_request import RequestCancelled, RequestSubmitted, slot
from domain.envelope import Recorded
from domain.ports import Rows
from domain.values import RequestId
from projections.projection import Projection


def _key(event: RequestSubmitted) -> str:
    permissions = [item.permission_id for item in event.permissions]
    return slot_key(slot(event.target, event.app.app_id, permissions))


def _open(rows: Rows, _recorded: Recorded, event: RequestSubmitted) -> None:
    rows.execute(
        "INSERT INTO open_request (slot, request_id) VALUES (?, ?)",
        (_key(event), event.request_id),
    )


def _close(rows: Rows, _recorded: Recorded, event: RequestCancelled) -> None:
    rows.execute("DELETE FROM open_request WHERE slot = ?", (_key(event.snapshot),))


PROJECTION = Projection(
    name="open_requests",
    tables=("open_request",),
    schema=(
        "CREATE TABLE IF NOT EXISTS open_request (slot TEXT PRIMARY KEY, request_id TEXT NOT NULL)",
    ),
    handlers={RequestSubmitted: _open, RequestCancelled: _close},
)


def slot_key(text: str) -> str:
    """Return the key of a `domain.access_request.slot`, of one length however much it asks."""
    return sha256(text.encode()).hexdigest()


def open_request_at(rows: Rows, key: str) -> RequestId | None:
    """Return the open request in this slot, or None."""
    found = rows.select("SELECT request_id FROM open_request WHERE slot = ?", (key,))
    return RequestId(str(found[0][0])) if found else None
