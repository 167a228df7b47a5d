"""The web application: what answers at which path. Routes are built by the parts that own them and
meet only here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import metadata
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from server import errors, scim, welcome
from server.admin_pages import gate as admin_pages
from server.audit_pages import gate as audit_pages
from server.catalog_pages import own_pages as catalog_pages
from server.catalog_pages.own_pages import CatalogPages
from server.front import Front
from server.health import Health
from server.inbox import own_pages as inbox_pages
from server.inbox.live import Live
from server.inbox.own_pages import OwnPages
from server.integrations.answering import Answering
from server.integrations.callback import Callbacks
from server.late_routes import LateRoutes
from server.limits.calls import CallRates
from server.mcp.administration.backing import Backing
from server.mcp.administration.serving import Administration, ToolsetsOf
from server.mcp.catalog_queries import CatalogQueries
from server.mcp.commands import Commands
from server.mcp.icons import icon_routes
from server.mcp.offering import NOTHING_BESIDE, Offering
from server.mcp.request_queries import RequestQueries
from server.mcp.resource_server import McpServer, call_rates
from server.mcp.search_pages import SearchPages
from server.mcp.submitting import Submitting
from server.mcp.subscriptions.watch import Watch
from server.mcp.tools import Toolset, UserTools, user_tools
from server.mcp.user_offering import user_offering
from server.oauth.authorization_server import AuthorizationServer
from server.oauth.last_use import LastUse
from server.oauth.resources import USER, Resource
from server.observation.parts import metrics_routes
from server.past import Past
from server.sign_in.endpoint import PagesBehind, Purpose, SignIn
from server.telemetry.answers import WatchedAnswers
from server.telemetry.http import Watched
from server.unknown_addresses import UnknownAddresses
from server.welcome import Welcome
from server.wiring import System

if TYPE_CHECKING:
    from server.sign_in.identity_provider import IdentityProvider


class Application:
    """The parts of one server behind its routes; they must `run` for MCP requests to be answered."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._live: list[Live] = []
        self._unknown = UnknownAddresses()
        self.last_use = LastUse(system.bus)
        authorization = _authorization(system, self.last_use)
        meters, tracing = system.telemetry.meters, system.telemetry.tracing
        answer = Answering(system.bus, system.clock, system.new_id, authorization.vouch)
        self.answer = WatchedAnswers(answer, meters, tracing)
        self.health = Health(system, lambda: _failing(system))
        callbacks = Callbacks(self.answer, system.reads, system.signing_keys, system.clock)
        backing = Backing(system, authorization.connections, self.health)
        self.watch = Watch(system.store, system.reads)
        system.growth.tell(self.watch.wake)
        self._servers = _mcp_servers(backing, self.last_use, self.watch)
        routes = [
            *self.health.routes(),
            *icon_routes(),
            *metrics_routes(system),
            *authorization.routes(PagesBehind(_purpose_of, self._pages)),
            *callbacks.routes(),
            LateRoutes([scim.BASE], lambda: _scim(system)),
        ]
        handlers: dict[Any, Any] = {**errors.HANDLERS, HTTPException: self._unknown.answer}
        pages = Starlette(routes=routes, exception_handlers=handlers)
        pages.router.redirect_slashes = False
        direct = {path: app for one in self._servers for path, app in one.apps().items()}
        self.app: ASGIApp = Watched(Front(direct, pages), meters, tracing, direct)

    def _pages(self, sign_in: SignIn) -> Sequence[BaseRoute]:
        self._unknown.sign_in = sign_in
        pages = OwnPages(self._system, sign_in)
        self._system.growth.tell(pages.live.wake)
        self._live.append(pages.live)
        return [
            *Welcome(sign_in, USER.url(self._system.settings.issuer)).routes(),
            *pages.routes(),
            *CatalogPages(self._system, sign_in).routes(),
            LateRoutes(audit_pages.PATHS, lambda: _audit(self._system, sign_in)),
            LateRoutes(admin_pages.PATHS, lambda: _administration(self._system, sign_in)),
        ]

    def close_streams(self) -> None:
        """End what would otherwise never end, from the event loop, before the server waits for it."""
        self.health.drain()
        for one in self._live:
            one.close()
        self.watch.close()

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Answer MCP requests until the block is left."""
        async with AsyncExitStack() as running:
            await running.enter_async_context(self.watch.run())
            for server in self._servers:
                await running.enter_async_context(server.run())
            yield


def _failing(system: System) -> list[str]:
    """Return the duties of this process that fail and are tried again."""
    return [one.duty for one in system.rota.status() if one.fault]


async def _purpose_of(path: str) -> Purpose | None:
    return (
        await welcome.purpose_of(path)
        or await inbox_pages.purpose_of(path)
        or await catalog_pages.purpose_of(path)
        or await audit_pages.purpose_of(path)
        or await admin_pages.purpose_of(path)
    )


def _authorization(system: System, last_use: LastUse) -> AuthorizationServer:
    return AuthorizationServer(
        system.bus,
        system.reads,
        system.settings,
        system.clock,
        system.new_id,
        system.signing_keys,
        last_use,
        system.fetcher,
        _provider(system),
        system.telemetry.meters,
    )


def _mcp_servers(
    backing: Backing, last_use: LastUse, watch: Watch
) -> tuple[McpServer, Administration]:
    system = backing.system
    settings, clock, note = system.settings, system.clock, last_use.note
    rates = call_rates(settings)

    def serve(
        resource: Resource,
        tools: Toolset,
        counted: CallRates | None = rates,
        beside: Offering = NOTHING_BESIDE,
    ) -> McpServer:
        shared = (system.reads, settings, clock, note, system.telemetry)
        return McpServer(resource, tools, *shared, counted, watch, beside)

    def toolsets() -> ToolsetsOf:
        from server.mcp.administration.toolsets import Toolsets  # noqa: PLC0415 - loads all of them

        return Toolsets(backing)

    run = _user_tools(system)
    tools = user_tools(run)
    beside = user_offering(run, tools, settings.issuer, metadata.version("doorward"))
    return serve(USER, tools, None, beside), Administration(toolsets, serve)


def _audit(system: System, sign_in: SignIn) -> Sequence[BaseRoute]:
    from server.audit_pages.own_pages import AuditPages  # noqa: PLC0415 - loads all that verifies

    return AuditPages(system, sign_in).routes()


def _administration(system: System, sign_in: SignIn) -> Sequence[BaseRoute]:
    from server.admin_pages.own_pages import admin_routes  # noqa: PLC0415 - seldom visited

    return admin_routes(system, sign_in)


def _scim(system: System) -> Sequence[BaseRoute]:
    from server.scim.endpoint import Scim  # noqa: PLC0415 - where an identity provider calls
    from server.scim.groups import Groups  # noqa: PLC0415 - likewise
    from server.scim.users import Users  # noqa: PLC0415 - likewise

    bus, reads, clock, new_id = system.bus, system.reads, system.clock, system.new_id
    settings = system.settings
    subjects = settings.oidc_issuer if settings.oidc_external_id_claim == "sub" else ""
    users = Users(bus, reads, clock, new_id, settings.issuer, subjects or "")
    groups = Groups(bus, reads, clock, new_id, settings.issuer)
    return Scim(users, groups, reads, settings.issuer).routes()


def _user_tools(system: System) -> UserTools:
    bus, reads, clock, new_id = system.bus, system.reads, system.clock, system.new_id
    issuer = system.settings.issuer
    requests = RequestQueries(reads, Past(system.store, system.scratch), clock, issuer)
    return UserTools(
        CatalogQueries(SearchPages(system.thesaurus, system.meaning)),
        Submitting(bus, reads, clock, new_id, issuer),
        Commands(bus, requests, clock, new_id),
        requests,
    )


def _provider(system: System) -> IdentityProvider | None:
    if not system.settings.oidc_issuer:
        return None
    from server.sign_in.discovery import Discovery  # noqa: PLC0415 - loads a client for HTTP
    from server.sign_in.identity_provider import IdentityProvider  # noqa: PLC0415 - likewise

    discovery = Discovery(system.settings, system.clock)
    return IdentityProvider(system.bus, system.settings, discovery, system.clock, system.new_id)
