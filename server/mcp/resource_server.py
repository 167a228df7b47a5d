"""The MCP server of one resource: who may call it, under which paths, and what answers. Both protocol
eras are served on one URL, without sessions, in JSON; nothing is streamed but what a client listens to."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from importlib import metadata
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.ports import Clock
from server.config import Settings
from server.limits.calls import CallRates
from server.mcp.endpoint import BODY_LIMIT, Endpoint
from server.mcp.gate import Gate, Used
from server.mcp.icons import door
from server.mcp.instructions import INSTRUCTIONS
from server.mcp.listing import Listing
from server.mcp.offering import NOTHING_BESIDE, Answering, Offering
from server.mcp.protocol.identity import Identity
from server.mcp.protocol.replies import plain
from server.mcp.protocol.sdk_server import SdkServer, Sessions
from server.mcp.protocol.security import Security
from server.mcp.subscriptions.listening import Listening
from server.mcp.subscriptions.streaming import Streams
from server.mcp.subscriptions.watch import Watch
from server.mcp.tools import READING, Toolset
from server.mcp.watched_calls import WatchedCalls
from server.mcp.watched_requests import WatchedRequests
from server.oauth.resources import USER, Resource
from server.pages import is_browser, render
from server.reads import Reads
from server.telemetry.meters import Meters
from server.telemetry.telemetry import SILENT, Telemetry


class McpServer:
    """The MCP server of one resource; it must `run` for requests to be answered."""

    runs: type[WatchedCalls] = WatchedCalls
    """What runs the tools; a server of the same make may have its own way."""

    def __init__(
        self,
        resource: Resource,
        tools: Toolset,
        reads: Reads,
        settings: Settings,
        clock: Clock,
        used: Used,
        telemetry: Telemetry = SILENT,
        rates: CallRates | None = None,
        watch: Watch | None = None,
        offering: Offering = NOTHING_BESIDE,
    ) -> None:
        """`rates` are those of several servers together, where one is not alone; `watch` sees what changes,
        and None tells nobody; `offering` is what there is beside tools."""
        self._resource, self._origins = resource, settings.allowed_origins
        self._url = resource.url(settings.issuer)
        identity = _identity(resource, settings.issuer, offering, listens=watch is not None)
        rates, features = rates or call_rates(settings), settings.features
        gate = Gate(resource, settings.issuer, clock, used, rates, features)
        security = _security(settings)
        calls = self.runs(tools, reads, gate, resource.path, telemetry)
        listening = _listening(resource, gate, tools, reads, watch, clock, telemetry.meters)
        answering = Answering(offering, reads, gate)
        behind = (identity, tools, calls, security, BODY_LIMIT, listening, answering)
        self.sdk = SdkServer(lambda: _sessions(*behind))
        streams = Streams(listening, identity.info) if listening else None
        requests = WatchedRequests(resource.path, telemetry.meters)
        answers = (calls, Listing(tools), self.sdk, answering, streams, requests)
        self._endpoint = Endpoint(identity, gate, security, *answers)

    def apps(self) -> Mapping[str, ASGIApp]:
        """Return what answers at which path. A slash at the end is served as well: on a redirect,
        clients lose their token or their body."""
        app = self._app()
        return {self._resource.path: app, f"{self._resource.path}/": app}

    def _app(self) -> ASGIApp:
        """Preflights of allowed origins are answered before anything asks for a token."""
        posted = OnlyPosted(self._endpoint, self._url)
        if not self._origins:
            return posted
        return CORSMiddleware(
            posted,
            allow_origins=self._origins,
            allow_methods=["POST"],
            allow_headers=["*"],
            expose_headers=["WWW-Authenticate", "MCP-Protocol-Version"],
        )

    def run(self) -> AbstractAsyncContextManager[None]:
        """Answer requests until the block is left."""
        return self.sdk.run()


class OnlyPosted:
    """Lets an application have what is posted to it, and refuses everything else; a browser, which somebody has
    opened at this URL, is told in a page what it is for."""

    def __init__(self, app: ASGIApp, url: str) -> None:
        self._app, self._url = app, url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["method"] == "POST":
            await self._app(scope, receive, send)
        elif scope["method"] == "GET" and is_browser(Headers(scope=scope).get("accept", "")):
            await self._told(scope, receive, send)
        else:
            await NOT_ALLOWED.send(send)

    async def _told(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = render("mcp_address.html", status=405, url=self._url)
        page.headers["Allow"] = "POST"
        await page(scope, receive, send)


NOT_ALLOWED = plain(
    405,
    "Method Not Allowed",
    ((b"content-type", b"text/plain; charset=utf-8"), (b"allow", b"POST")),
)


def _sessions(*behind: Any) -> Sessions:
    # The SDK is heavy, and most servers never need it.
    from server.mcp.through_sdk import sessions  # noqa: PLC0415

    return sessions(*behind)


def _identity(resource: Resource, issuer: str, offering: Offering, *, listens: bool) -> Identity:
    return Identity(
        "doorward",
        resource.name,
        metadata.version("doorward"),
        offering.instructions or INSTRUCTIONS[resource.path],
        listens,
        offering.capabilities,
        [door(issuer).fields()],
    )


def _listening(
    resource: Resource,
    gate: Gate,
    tools: Toolset,
    reads: Reads,
    watch: Watch | None,
    clock: Clock,
    meters: Meters,
) -> Listening | None:
    """Return what lets clients listen where changes are seen. Requests are told of to those who asked."""
    if watch is None:
        return None
    reading = READING if resource == USER else None
    return Listening(gate, tools, reads, watch, clock, resource.path, meters, reading)


def call_rates(settings: Settings) -> CallRates:
    """Return what counts the calls of people by clients, as the settings say."""
    if not settings.rate_limits:
        return CallRates(0, 0)
    return CallRates(settings.calls_per_minute, settings.writes_per_minute)


def _security(settings: Settings) -> Security:
    """Take requests for our own name alone, and from our own pages and the allowed origins, so
    that no foreign page can rebind to us."""
    host = urlsplit(settings.issuer).netloc
    return Security([host], [settings.issuer, *settings.allowed_origins])
