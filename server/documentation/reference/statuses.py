"""The public statuses of a request: the group in which people think of each, and what may still become of it."""

from __future__ import annotations

from domain.access_request import CANCELLABLE, HELD, TERMINAL, Status
from server.documentation.markdown import code, table
from server.mcp.schemas import STATUS_GROUPS


def statuses() -> str:
    """Return a table of all statuses."""
    rows = [
        (
            code(one.value),
            next(name for name, members in STATUS_GROUPS.items() if one in members),
            "held" if one in HELD else "",
            _to_come(one),
        )
        for one in Status
    ]
    return table(("status", "group", "access", "the request"), rows)


def _to_come(status: Status) -> str:
    if status in TERMINAL:
        return "has ended"
    return "can be cancelled" if status in CANCELLABLE else "goes on"
