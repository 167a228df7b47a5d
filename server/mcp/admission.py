"""Letting the bearer of a token in, and asking in the same read of the store, so that both see one moment and the
way to the store is gone once. Where reads are made on the event loop, what takes long is given up there, and left
to be asked again on a thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from domain.ports import Rows
from server.bearer import AccessGrant
from server.mcp.gate import Gate, Needs
from server.mcp.taking_time import TakesTime, at_once
from server.reads import Reads

Found = TypeVar("Found")


class Admission:
    """Lets callers of one resource in."""

    def __init__(self, reads: Reads, gate: Gate) -> None:
        self._reads = reads
        self._gate = gate

    async def admitted(self, token: str, needs: Needs) -> AccessGrant:
        """Return what a token lets its bearer do; raises `NotAdmitted` where more is needed."""
        grant = await self._reads.point_query(lambda rows: self._gate.admit(rows, token, needs))
        self._gate.note(grant)
        return grant

    async def asking(
        self, token: str, needs: Needs, find: Callable[[Rows, AccessGrant], Found]
    ) -> tuple[AccessGrant, Found | None]:
        """Return the same and what is found, None where that takes time; raises `NotAdmitted`."""

        def ask(rows: Rows) -> tuple[AccessGrant, Found | None]:
            grant = self._gate.admit(rows, token, needs)
            if not self._reads.local:
                return grant, find(rows, grant)
            try:
                with at_once():
                    return grant, find(rows, grant)
            except TakesTime:
                return grant, None

        grant, found = await self._reads.point_query(ask)
        self._gate.note(grant)
        return grant, found
