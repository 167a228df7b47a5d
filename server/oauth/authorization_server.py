"""The authorization server put together: what browsers visit, what clients call, what resource
servers ask, and which of these answer cross-origin requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route

from domain.ports import Clock, DocumentFetcher, NewId, SigningKeys
from domain.values import PersonId
from server.command_bus import CommandBus
from server.config import Settings
from server.late_routes import LateRoutes
from server.limits import failed_sign_ins
from server.limits.attempts import Attempts
from server.limits.sign_ins import SignInLimits
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
from server.oauth.introspection import Introspection
from server.oauth.issuing import Issuing
from server.oauth.last_use import LastUse
from server.oauth.token_issuing import TokenIssuing
from server.oauth.waiting_requests import WaitingRequests
from server.reads import Reads
from server.setting_parsers import ClientDocuments as Documents
from server.sign_in import accounts, sessions
from server.sign_in.endpoint import PagesBehind, Purpose, PurposeOf, SignIn
from server.telemetry.meters import DEAF, Meters
from server.turns import Turns

if TYPE_CHECKING:
    from server.sign_in.identity_provider import IdentityProvider

SCHEMA = (
    *token_rows.SCHEMA,
    *approved_clients.SCHEMA,
    *last_use.SCHEMA,
    *rotation_grace.SCHEMA,
    *accounts.SCHEMA,
    *sessions.SCHEMA,
    *failed_sign_ins.SCHEMA,
)
HASHES_AT_ONCE, HASHES_WAITING = 2, 64
TOKEN_PATHS = ("/token", "/revoke")


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
    provider: IdentityProvider | None
    meters: Meters = DEAF

    @property
    def issuer(self) -> str:
        """The issuer identifier (RFC 8414 §2)."""
        return self.settings.issuer

    @property
    def connections(self) -> Connections:
        """Which clients act for whom."""
        return Connections(self.bus, self.reads, self.clock, self.new_id, self.last_use)

    def routes(self, behind: PagesBehind) -> list[BaseRoute]:
        """Return all routes of the authorization server, and those of the pages that people reach by
        signing in here."""
        clients, limits = (
            Clients(self.signing_keys),
            Attempts(on=self.settings.rate_limits, meters=self.meters),
        )
        asked = Introspection(self.reads, self.issuer, self.clock, limits)
        called = [
            *metadata.routes(
                self.issuer, documents=self.settings.client_documents is Documents.ADVERTISE
            ),
            *registration.routes(clients, self.new_id, limits),
        ]
        tokens = LateRoutes(
            TOKEN_PATHS, lambda: list(map(_cross_origin, self._tokens(clients, limits)))
        )
        return [
            *self._visited(clients, limits, behind),
            *asked.routes(),
            *map(_cross_origin, called),
            tokens,
        ]

    def _tokens(self, clients: Clients, limits: Attempts) -> list[BaseRoute]:
        """Return the routes that clients call with tokens and codes."""
        from server.oauth.grants import TokenEndpoint  # noqa: PLC0415 - loads Authlib
        from server.oauth.token_routes import TokenRoutes  # noqa: PLC0415 - likewise

        issuing = TokenIssuing(
            self.bus, self.issuer, self.clock, self.new_id, self.settings.refresh_grace
        )
        endpoint = TokenEndpoint(self.reads, clients, issuing)
        tokens = TokenRoutes(
            endpoint, self.bus, self.reads, self.clock, self.new_id, limits, self.meters
        )
        return tokens.routes()

    def _visited(self, clients: Clients, limits: Attempts, behind: PagesBehind) -> list[BaseRoute]:
        """Return the routes that people visit."""
        waiting = WaitingRequests(self.reads, clients, self._documents(), self.clock)

        async def purpose_of(path: str) -> Purpose | None:
            return (
                await waiting.purpose_of(path)
                or await connection_pages.purpose_of(path)
                or await behind.purpose_of(path)
            )

        sign_in = self._sign_in(limits, purpose_of)
        issuing = Issuing(self.bus, self.clock, self.new_id)
        consent = ConsentPages(
            self.bus, self.issuer, waiting, sign_in, issuing, self.settings.continue_page
        )
        authorization = AuthorizationEndpoint(
            self.bus, self.reads, self.issuer, self.clock, waiting, sign_in, consent
        )
        listed = ConnectionPages(self.reads, self.issuer, self.clock, sign_in, self.connections)
        parts = (authorization, sign_in, consent, listed)
        own = [route for part in parts for route in part.routes()]
        return [*own, *behind.routes(sign_in)]

    def _sign_in(self, limits: Attempts, purpose_of: PurposeOf) -> SignIn:
        return SignIn(
            self.bus,
            self.reads,
            self.issuer,
            self.clock,
            Turns(HASHES_AT_ONCE, waiting=HASHES_WAITING),
            limits,
            SignInLimits(self.bus, self.reads, self.clock, self.settings.rate_limits, self.meters),
            purpose_of,
            self.settings.signs_in_locally,
            self.provider,
            self.meters,
        )

    async def vouch(self, token: str, nonce: str) -> PersonId | None:
        """Return the person whom the identity provider vouches for by an ID token made for this
        nonce; None where it does not, or there is no identity provider."""
        return await self.provider.vouched(token, nonce) if self.provider else None

    def _documents(self) -> ClientDocuments | None:
        if self.settings.client_documents is Documents.PINNED:
            return None
        hosts = self.settings.client_document_hosts
        return ClientDocuments(self.fetcher, hosts, self.clock)


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
