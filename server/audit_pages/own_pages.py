"""All pages of auditors together, behind one sign-in."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
from starlette.routing import BaseRoute

from server.audit_pages.exporting import MOST_AT_ONCE, Exporting
from server.audit_pages.gate import OWN, Gate
from server.audit_pages.past_moment import PastMoment
from server.audit_pages.story import Story
from server.audit_pages.timeline import Timeline
from server.audit_pages.verification import Verification, Verifier
from server.sign_in.endpoint import Purpose, SignIn
from server.wiring import System

LOOKING_BACK_AT_ONCE = 2


async def purpose_of(path: str) -> Purpose | None:
    """Return what a sign-in that leads to one of these pages is for."""
    return Purpose("Sign in to see the audit trail.") if OWN.fullmatch(path) else None


class AuditPages:
    """The pages."""

    def __init__(self, system: System, sign_in: SignIn) -> None:
        gate = Gate(sign_in)
        verification = Verification(system, gate, Verifier(system))
        self._parts = (
            verification,
            Timeline(system, gate, verification),
            Exporting(system, gate, anyio.CapacityLimiter(MOST_AT_ONCE)),
            Story(system, gate, verification),
            PastMoment(system, gate, verification, anyio.CapacityLimiter(LOOKING_BACK_AT_ONCE)),
        )

    def routes(self) -> Sequence[BaseRoute]:
        """Return all routes."""
        return [route for part in self._parts for route in part.routes()]
