"""All pages of administrators that change what Doorward lets people do, behind one sign-in."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute, Route

from server.admin_pages.features_page import FeaturesPage
from server.admin_pages.gate import Gate
from server.admin_pages.roles_page import RolesPage
from server.pages.frame import ADMINISTRATION
from server.sign_in.endpoint import SignIn
from server.wiring import System


def admin_routes(system: System, sign_in: SignIn) -> Sequence[BaseRoute]:
    """Return all routes."""
    gate = Gate(sign_in, system.clock, system.new_id)
    bus, reads = system.bus, system.reads
    return [
        Route(ADMINISTRATION, gate.lead_in, methods=["GET"]),
        *FeaturesPage(bus, reads, gate, system.settings.features).routes(),
        *RolesPage(system.store, bus, reads, gate).routes(),
    ]
