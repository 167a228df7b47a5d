"""The authorization server as routes: what browsers visit, what clients call, and which of them
answer cross-origin requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import anyio
from authlib.oauth2.rfc6749.errors import OAuth2Error
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from domain.ports import Clock, DocumentFetcher, NewId, SigningKeys
from domain.token_family import EndFamily, EndReason
from domain.values import Actor, Via
from projections.token_families import FamilyRow, family_by_id, family_of_refresh_token
from server.command_bus import CommandBus, CommandContext
from server.config import Settings
from server.limits import Limits, address_of, too_many
from server.oauth import (
    approved_clients,
    connection_pages,
    last_use,
    metadata,
    registration,
    rotation_grace,
    token_rows,
)
from server.oauth.authorization_endpoint import AuthorizationEndpoint
from server.oauth.client_documents import ClientDocuments
from server.oauth.clients import Clients
from server.oauth.connection_pages import ConnectionPages
from server.oauth.connections import Connections
from server.oauth.consent_pages import ConsentPages
from server.oauth.grants import AUTH_METHODS, TokenEndpoint, TokenRequest, client_named
from server.oauth.introspection import Introspection
from server.oauth.issuing import Issuing
from server.oauth.last_use import LastUse
from server.oauth.token_issuing import TokenIssuing
from server.oauth.waiting_requests import WaitingRequests
from server.reads import Reads
from server.request_bodies import fields_of, read_limited
from server.secret_tokens import digest
from server.setting_parsers import ClientDocuments as Documents
from server.sign_in import accounts, sessions
from server.sign_in.discovery import Discovery
from server.sign_in.endpoint import Purpose, SignIn
from server.sign_in.identity_provider import IdentityProvider

SCHEMA = (
    *token_rows.SCHEMA,
    *approved_clients.SCHEMA,
    *last_use.SCHEMA,
    *rotation_grace.SCHEMA,
    *accounts.SCHEMA,
    *sessions.SCHEMA,
)
FORM_LIMIT = 16 * 1024
HASHES_AT_ONCE = 2
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class AuthorizationServer:
    """Everything under the issuer's URL that OAuth clients and their people meet."""

    bus: CommandBus
    reads: Reads
    settings: Settings
    clock: Clock
    new_id: NewId
    signing_keys: SigningKeys
    last_use: LastUse
    fetcher: DocumentFetcher

    @property
    def issuer(self) -> str:
        """The issuer identifier (RFC 8414 §2)."""
        return self.settings.issuer

    @property
    def connections(self) -> Connections:
        """Which clients act for whom."""
        return Connections(self.bus, self.reads, self.clock, self.new_id, self.last_use)

    def routes(self) -> list[BaseRoute]:
        """Return all routes of the authorization server."""
        clients, limits = Clients(self.signing_keys), Limits(on=self.settings.rate_limits)
        issuing = TokenIssuing(
            self.bus, self.issuer, self.clock, self.new_id, self.settings.refresh_grace
        )
        tokens = TokenEndpoint(self.reads, clients, issuing)
        asked = Introspection(self.reads, self.issuer, self.clock, limits)
        called = [
            *metadata.routes(
                self.issuer, documents=self.settings.client_documents is Documents.ADVERTISE
            ),
            *registration.routes(clients, self.new_id, limits),
            Route("/token", self._token(tokens, limits), methods=["POST"]),
            Route("/revoke", self._revoke(tokens, limits), methods=["POST"]),
        ]
        return [
            *self._visited(clients, limits),
            *asked.routes(),
            *(_cross_origin(route) for route in called),
        ]

    def _visited(self, clients: Clients, limits: Limits) -> list[BaseRoute]:
        """Return the routes that people visit."""
        waiting = WaitingRequests(self.reads, clients, self._documents(), self.clock)

        async def purpose_of(path: str) -> Purpose | None:
            return await waiting.purpose_of(path) or await connection_pages.purpose_of(path)

        hashing = anyio.CapacityLimiter(HASHES_AT_ONCE)
        local = self.settings.signs_in_locally
        sign_in = SignIn(
            self.bus,
            self.reads,
            self.issuer,
            self.clock,
            hashing,
            limits,
            purpose_of,
            local,
            self._provider(),
        )
        issuing = Issuing(self.bus, self.clock, self.new_id)
        consent = ConsentPages(
            self.bus, self.issuer, waiting, sign_in, issuing, self.settings.continue_page
        )
        authorization = AuthorizationEndpoint(
            self.bus, self.reads, self.issuer, self.clock, waiting, sign_in, consent, issuing
        )
        listed = ConnectionPages(self.reads, self.issuer, self.clock, sign_in, self.connections)
        parts = (authorization, sign_in, consent, listed)
        return [route for part in parts for route in part.routes()]

    def _provider(self) -> IdentityProvider | None:
        if not self.settings.oidc_issuer:
            return None
        discovery = Discovery(self.settings, self.clock)
        return IdentityProvider(self.bus, self.settings, discovery, self.clock, self.new_id)

    def _documents(self) -> ClientDocuments | None:
        if self.settings.client_documents is Documents.PINNED:
            return None
        hosts = self.settings.client_document_hosts
        return ClientDocuments(self.fetcher, hosts, self.clock)

    def _token(self, tokens: TokenEndpoint, limits: Limits) -> Endpoint:
        async def token(request: Request) -> Response:
            body = await read_limited(request, FORM_LIMIT)
            if body is None:
                return JSONResponse({"error": "invalid_request"}, 413, headers=NO_STORE)
            fields, address = fields_of(body), address_of(request)
            client_id = client_named(fields, request.headers)
            wait = limits.token_request(client_id, address)
            if wait is not None:
                return too_many(wait)
            status, content, headers = await anyio.to_thread.run_sync(
                tokens.answer, fields, request.headers
            )
            if "error" in content:
                limits.token_failed(client_id, address)
            kept = {k: v for k, v in headers.items() if k.lower() == "www-authenticate"}
            return JSONResponse(content, status, headers={**kept, **NO_STORE})

        return token

    def _revoke(self, tokens: TokenEndpoint, limits: Limits) -> Endpoint:
        """RFC 7009: unknown tokens are answered as if they had been revoked."""

        async def revoke(request: Request) -> Response:
            body = await read_limited(request, FORM_LIMIT)
            fields, address = fields_of(body or b""), address_of(request)
            client_id = client_named(fields, request.headers)
            wait = limits.token_request(client_id, address)
            if wait is not None:
                return too_many(wait)
            client = await anyio.to_thread.run_sync(
                _authenticated, tokens, fields, request.headers
            )
            if client is None:
                limits.token_failed(client_id, address)
                return JSONResponse({"error": "invalid_client"}, 401, headers=NO_STORE)
            token = (fields.get("token") or [""])[0]
            if not token:
                return JSONResponse({"error": "invalid_request"}, 400, headers=NO_STORE)
            await self._end(token, client)
            return Response(status_code=200, headers=NO_STORE)

        return revoke

    async def _end(self, token: str, client_id: str) -> None:
        """End the family of an access or refresh token of this client."""
        family: FamilyRow | None = await self.reads.query(
            lambda rows: (
                family_of_refresh_token(rows, digest(token))
                or family_by_id(rows, token_rows.family_id_of_access_token(rows, token) or "")
            )
        )
        if family is None or family.client_id != client_id or family.ended:
            return
        context = CommandContext(Actor(Via.HTTP, family.person), self.clock(), self.new_id())
        await self.bus.execute(EndFamily(family.family_id, EndReason.REVOKED_BY_CLIENT), context)


def _authenticated(
    tokens: TokenEndpoint, fields: Mapping[str, list[str]], headers: Mapping[str, str]
) -> str | None:
    """Return the id of the client that the request authenticates as."""
    try:
        client = tokens.authenticate_client(TokenRequest(fields, headers), AUTH_METHODS)
    except (OAuth2Error, ValueError):
        return None
    return str(client.client_id)


def _cross_origin(route: BaseRoute) -> BaseRoute:
    """Let browsers' programs call a route: it takes no cookie, so there is nothing to abuse."""
    if isinstance(route, Route):
        methods = sorted((route.methods or set()) | {"OPTIONS"})
        inner = CORSMiddleware(
            route.app,
            allow_origins=["*"],
            allow_methods=methods,
            allow_headers=["*"],
            expose_headers=["WWW-Authenticate", "Retry-After"],
        )
        return Route(route.path, inner, methods=methods)
    return route
