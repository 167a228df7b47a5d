"""All pages of the catalog together, behind one sign-in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.routing import BaseRoute

from server.catalog_pages.app_page import AppPage
from server.catalog_pages.browsing import CATALOG, Browsing
from server.catalog_pages.requesting import Requesting
from server.sign_in.endpoint import Purpose, SignIn
from server.wiring import System

APP = re.compile(r"/catalog/app\?id=[A-Za-z0-9%._~-]{0,600}")


async def purpose_of(path: str) -> Purpose | None:
    """Return what a sign-in that leads to one of these pages is for."""
    if path == CATALOG or APP.fullmatch(path):
        return Purpose("Sign in to see what you may request.")
    return None


class CatalogPages:
    """The pages."""

    def __init__(self, system: System, sign_in: SignIn) -> None:
        bus, reads, clock, new_id = system.bus, system.reads, system.clock, system.new_id
        page = AppPage(system.thesaurus, system.meaning)
        self._parts = (
            Browsing(reads, sign_in, system.thesaurus, system.meaning),
            Requesting(bus, reads, sign_in, page, clock, new_id),
        )

    def routes(self) -> Sequence[BaseRoute]:
        """Return all routes."""
        return [route for part in self._parts for route in part.routes()]
