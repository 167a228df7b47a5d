"""All pages of the inbox together, behind one sign-in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.routing import BaseRoute

from server.inbox.actions import Actions
from server.inbox.emergency import EMERGENCY, Emergency
from server.inbox.listing import ACCESS, ALL, INBOX, Listing
from server.inbox.live import Live
from server.inbox.request_page import RequestPage
from server.sign_in.endpoint import Purpose, SignIn
from server.wiring import System

PURPOSES = {
    INBOX: "Sign in to see what waits for you.",
    ACCESS: "Sign in to see your access.",
    ALL: "Sign in to see all access requests.",
    EMERGENCY: "Sign in to get access in an emergency.",
}
REQUEST = re.compile(r"/requests/[A-Za-z0-9_-]{1,100}")


async def purpose_of(path: str) -> Purpose | None:
    """Return what a sign-in that leads to one of these pages is for."""
    if path in PURPOSES:
        return Purpose(PURPOSES[path])
    if REQUEST.fullmatch(path):
        return Purpose("Sign in to see an access request.")
    return None


class OwnPages:
    """The pages; `live` has to hear of the log's growth."""

    def __init__(self, system: System, sign_in: SignIn) -> None:
        bus, reads, clock, new_id = system.bus, system.reads, system.clock, system.new_id
        page = RequestPage(system.store, reads, sign_in, new_id)
        self.live = Live(reads, sign_in)
        self._parts = (
            Listing(reads, sign_in),
            page,
            Actions(bus, reads, sign_in, page, clock, new_id),
            Emergency(bus, reads, sign_in, clock, new_id),
            self.live,
        )

    def routes(self) -> Sequence[BaseRoute]:
        """Return all routes."""
        return [route for part in self._parts for route in part.routes()]
