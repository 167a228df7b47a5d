"""All pages of auditors together, behind one sign-in."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute

from server.audit_pages.exporting import MOST_AT_ONCE, Exporting
from server.audit_pages.gate import Gate
from server.audit_pages.past_moment import PastMoment
from server.audit_pages.story import Story
from server.audit_pages.timeline import Timeline
from server.audit_pages.verification import Verification, Verifier
from server.sign_in.endpoint import SignIn
from server.turns import Turns
from server.wiring import System

LOOKING_BACK_AT_ONCE, LOOKING_BACK_WAITING = 2, 16
EXPORT_SECONDS = 300.0
"""For which an export that has begun waits between two parts, rather than break off."""


class AuditPages:
    """The pages."""

    def __init__(self, system: System, sign_in: SignIn) -> None:
        gate = Gate(sign_in)
        verification = Verification(system, gate, Verifier(system))
        self._parts = (
            verification,
            Timeline(system, gate, verification),
            Exporting(system, gate, Turns(MOST_AT_ONCE, seconds=EXPORT_SECONDS)),
            Story(system, gate, verification),
            PastMoment(
                system,
                gate,
                verification,
                Turns(LOOKING_BACK_AT_ONCE, waiting=LOOKING_BACK_WAITING),
            ),
        )

    def routes(self) -> Sequence[BaseRoute]:
        """Return all routes."""
        return [route for part in self._parts for route in part.routes()]
