"""The web application: what answers at which path. Routes are built by the parts that own them and
meet only here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.ports import EventStore, Publisher
from server import errors
from server.mcp.admin import AdminTools
from server.mcp.commands import Commands
from server.mcp.resource_server import McpServer
from server.mcp.tools import admin_tools, user_tools
from server.oauth.authorization_server import AuthorizationServer
from server.oauth.connection_pages import OWN
from server.oauth.last_use import LastUse
from server.oauth.resources import ADMIN, USER
from server.pages import message
from server.reads import Reads
from server.wiring import System


class Application:
    """The parts of one server behind its routes; they must `run` for MCP requests to be answered."""

    def __init__(self, system: System, publisher: Publisher | None) -> None:
        settings, clock = system.settings, system.clock
        self.last_use = LastUse(system.bus)
        authorization = AuthorizationServer(
            system.bus,
            system.reads,
            settings,
            clock,
            system.new_id,
            system.signing_keys,
            self.last_use,
            system.fetcher,
        )
        commands = Commands(system.bus, system.reads, clock, system.new_id)
        user = user_tools(system.reads, commands, settings.features)
        admin = admin_tools(AdminTools(system.reads, authorization.connections))
        self._servers = [
            McpServer(resource, tools, system.reads, settings, clock, self.last_use.note)
            for resource, tools in ((USER, user), (ADMIN, admin))
        ]
        routes = [
            Route("/", _welcome(USER.url(settings.issuer))),
            Route("/healthz", _health(system.store, system.reads, publisher)),
            *(route for one in self._servers for route in one.routes()),
            *authorization.routes(),
        ]
        self.app = Starlette(routes=routes, exception_handlers=errors.HANDLERS)
        self.app.router.redirect_slashes = False

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Answer MCP requests until the block is left."""
        async with AsyncExitStack() as running:
            for server in self._servers:
                await running.enter_async_context(server.run())
            yield


def _welcome(mcp_url: str) -> Callable[[Request], Awaitable[Response]]:
    async def welcome(_request: Request) -> Response:
        text = f"This is Doorward. Add {mcp_url} to your AI client to request access."
        link = (OWN, "Your connected clients")
        return message("Access requests", text, status=200, link=link)

    return welcome


def _health(
    store: EventStore, reads: Reads, publisher: Publisher | None
) -> Callable[[Request], Awaitable[Response]]:
    """Tell the truth: 200 while commands can be taken, and where publishing stands."""

    async def health(_request: Request) -> Response:
        head = await reads.query(lambda _rows: store.head())
        nats: dict[str, object] = {"state": "off"}
        if publisher is not None:
            status = publisher.status()
            nats = {
                "state": status.state,
                "position": status.position,
                "lag": head - status.position,
                "reason": status.reason,
                "drift": list(status.drift),
            }
        return JSONResponse({"status": "ok", "position": head, "nats": nats})

    return health
