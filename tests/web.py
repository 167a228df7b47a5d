"""A whole Doorward inside the test's own process: real store, bus, routes; no socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import httpx

from domain.ports import Clock
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

    def flow(self, path: str = "/mcp/user") -> Flow:
        """Return a client that is not known yet and wants the resource at this path."""
        return Flow(self.http, self.issuer, path=path)

    async def execute(self, command: object) -> None:
        """Do what an administrator or a directory would."""
        await self.system.bus.execute(command, seeds.CONTEXT)

    def events(self, *kinds: type) -> list[Any]:
        """Return the events of these kinds, in order."""
        log = self.system.store.events_after(0, 10_000)
        return [one.envelope.event for one in log if isinstance(one.envelope.event, kinds)]

    async def wire(
        self, username: str = "alice", *, scope: str | None = None, era: str = MODERN
    ) -> Wire:
        """Return a signed-in caller of the MCP server."""
        tokens = await self.flow().sign_in(self.browser(username), scope=scope)
        return Wire(self.http, self.issuer, tokens["access_token"], era)


@asynccontextmanager
async def web_of(system: System) -> AsyncIterator[Web]:
    """Serve a system in-process."""
    served = Application(system)
    transport = httpx.ASGITransport(served.app, raise_app_exceptions=False)
    async with served.run(), httpx.AsyncClient(transport=transport) as http:
        yield Web(system, http, transport)


class Hands:
    """A clock whose hands a test moves."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.moved = timedelta()

    def __call__(self) -> datetime:
        return self._clock() + self.moved


@asynccontextmanager
async def web_with(system: System, **settings: object) -> AsyncIterator[tuple[Web, Hands]]:
    """Serve a system under other settings, with a clock to move."""
    hands = Hands(system.clock)
    changed = replace(system.settings, **settings)  # type: ignore[arg-type]  # settings by name
    async with web_of(replace(system, settings=changed, clock=hands)) as web:
        yield web, hands
