"""The MCP server of one resource: who may call it, under which paths, and what answers. Both protocol
eras are served on one URL, without sessions, in JSON; nothing is ever streamed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from importlib import metadata
from urllib.parse import urlsplit

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.ports import Clock
from server.config import Settings
from server.limits.calls import CallRates
from server.mcp.endpoint import BODY_LIMIT, Endpoint
from server.mcp.gate import Gate, Used
from server.mcp.listing import Listing
from server.mcp.protocol.identity import Identity
from server.mcp.protocol.replies import plain
from server.mcp.protocol.sdk_server import SdkServer, Sessions
from server.mcp.protocol.security import Security
from server.mcp.tools import Toolset
from server.mcp.watched_calls import WatchedCalls
from server.oauth.resources import ADMIN, USER, Resource
from server.reads import Reads
from server.telemetry.telemetry import SILENT, Telemetry

INSTRUCTIONS = {
    USER: (
        "Doorward takes access requests. Search the catalog, look at a permission's rules with "
        "list_requestable_permissions, ask the person for a justification in his own words, then "
        "submit. list_access_requests tells how far a request has come."
    ),
    ADMIN: (
        "Doorward's administration. list_connected_clients shows which AI clients act for which "
        "people; disconnect_client ends that. Say what will happen before you change anything."
    ),
}


class McpServer:
    """The MCP server of one resource; it must `run` for requests to be answered."""

    def __init__(
        self,
        resource: Resource,
        tools: Toolset,
        reads: Reads,
        settings: Settings,
        clock: Clock,
        used: Used,
        telemetry: Telemetry = SILENT,
    ) -> None:
        self._resource = resource
        self._origins = settings.allowed_origins
        identity = Identity(
            "doorward", resource.name, metadata.version("doorward"), INSTRUCTIONS[resource]
        )
        gate = Gate(resource, settings.issuer, clock, used, _rates(settings))
        security = _security(settings)
        calls = WatchedCalls(tools, reads, gate, resource.path, telemetry)

        def build() -> Sessions:
            # The SDK is heavy, and most servers never need it.
            from server.mcp.through_sdk import sessions  # noqa: PLC0415

            return sessions(identity, tools, calls, security, BODY_LIMIT)

        self.sdk = SdkServer(build)
        self._endpoint = Endpoint(identity, gate, security, calls, Listing(tools), self.sdk)

    def apps(self) -> Mapping[str, ASGIApp]:
        """Return what answers at which path. A slash at the end is served as well: on a redirect,
        clients lose their token or their body."""
        app = self._app()
        return {self._resource.path: app, f"{self._resource.path}/": app}

    def _app(self) -> ASGIApp:
        """Preflights of allowed origins are answered before anything asks for a token."""
        posted = OnlyPosted(self._endpoint)
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
    """Lets an application have what is posted to it, and refuses everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["method"] == "POST":
            await self._app(scope, receive, send)
        else:
            await NOT_ALLOWED.send(send)


NOT_ALLOWED = plain(
    405,
    "Method Not Allowed",
    ((b"content-type", b"text/plain; charset=utf-8"), (b"allow", b"POST")),
)


def _rates(settings: Settings) -> CallRates:
    if not settings.rate_limits:
        return CallRates(0, 0)
    return CallRates(settings.calls_per_minute, settings.writes_per_minute)


def _security(settings: Settings) -> Security:
    """Take requests for our own name alone, and from our own pages and the allowed origins, so
    that no foreign page can rebind to us."""
    host = urlsplit(settings.issuer).netloc
    return Security([host], [settings.issuer, *settings.allowed_origins])
