"""A whole Doorward inside the test's own process: real store, bus, routes; no socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from server.app import Application
from server.wiring import System
from tests import seeds
from tests.browser import FormBrowser
from tests.mcp.wire import MODERN, Wire
from tests.oauth.flow import Flow


@dataclass
class Web:
    """The application as its visitors reach it."""

    system: System
    http: httpx.AsyncClient
    transport: httpx.ASGITransport

    @property
    def issuer(self) -> str:
        return self.system.settings.issuer

    def browser(self, username: str = "alice") -> FormBrowser:
        """Return the browser of one person."""
        http = httpx.AsyncClient(transport=self.transport)
        return FormBrowser(self.issuer, username, seeds.PASSWORD, http=http)

    def flow(self) -> Flow:
        """Return a client that is not known yet."""
        return Flow(self.http, self.issuer)

    async def wire(
        self, username: str = "alice", *, scope: str | None = None, era: str = MODERN
    ) -> Wire:
        """Return a signed-in caller of the MCP server."""
        tokens = await self.flow().sign_in(self.browser(username), scope=scope)
        return Wire(self.http, self.issuer, tokens["access_token"], era)


@asynccontextmanager
async def web_of(system: System) -> AsyncIterator[Web]:
    """Serve a system in-process."""
    served = Application(system, None)
    transport = httpx.ASGITransport(served.app, raise_app_exceptions=False)
    async with served.run(), httpx.AsyncClient(transport=transport) as http:
        yield Web(system, http, transport)
