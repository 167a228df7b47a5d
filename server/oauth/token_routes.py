"""The endpoints that clients call with tokens and codes: ``/token`` and ``/revoke``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import anyio
from authlib.oauth2.rfc6749.errors import OAuth2Error
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from domain.ports import Clock, NewId
from domain.token_family import EndFamily, EndReason
from domain.values import Actor, Client, ClientId, ConsentId, Via
from projections.token_families import FamilyRow, family_by_id, family_of_refresh_token
from server.command_bus import CommandBus, CommandContext
from server.limits.attempts import Attempts, address_of, too_many
from server.oauth import token_rows
from server.oauth.grants import AUTH_METHODS, TokenEndpoint, TokenRequest, client_named
from server.reads import Reads
from server.request_bodies import fields_of, read_limited
from server.secret_tokens import digest
from server.telemetry.catalogue import TOKEN_REQUESTS
from server.telemetry.meters import DEAF, Meters

FORM_LIMIT = 16 * 1024
GRANTS = ("authorization_code", "refresh_token")
ISSUED, RATE_LIMITED = "issued", "rate_limited"
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@dataclass(frozen=True, slots=True)
class TokenRoutes:
    """``/token`` and ``/revoke`` over Authlib's endpoint."""

    tokens: TokenEndpoint
    bus: CommandBus
    reads: Reads
    clock: Clock
    new_id: NewId
    limits: Attempts
    meters: Meters = DEAF

    def routes(self) -> list[BaseRoute]:
        """Return the routes; any page's program may call them."""
        return [
            Route("/token", self.token, methods=["POST"]),
            Route("/revoke", self.revoke, methods=["POST"]),
        ]

    async def token(self, request: Request) -> Response:
        """Answer a token request (RFC 6749 §3.2)."""
        body = await read_limited(request, FORM_LIMIT)
        if body is None:
            return JSONResponse({"error": "invalid_request"}, 413, headers=NO_STORE)
        fields, address = fields_of(body), address_of(request)
        client_id = client_named(fields, request.headers)
        wait = self.limits.token_request(client_id, address)
        if wait is not None:
            self.meters.count(TOKEN_REQUESTS.name, _grant(fields), RATE_LIMITED)
            return too_many(wait)
        status, content, headers = await anyio.to_thread.run_sync(
            self.tokens.answer, fields, request.headers
        )
        self.meters.count(TOKEN_REQUESTS.name, _grant(fields), str(content.get("error", ISSUED)))
        if "error" in content:
            self.limits.token_failed(client_id, address)
        kept = {k: v for k, v in headers.items() if k.lower() == "www-authenticate"}
        return JSONResponse(content, status, headers={**kept, **NO_STORE})

    async def revoke(self, request: Request) -> Response:
        """Revoke a token (RFC 7009). Unknown ones are answered as if they had been."""
        body = await read_limited(request, FORM_LIMIT)
        fields, address = fields_of(body or b""), address_of(request)
        client_id = client_named(fields, request.headers)
        wait = self.limits.token_request(client_id, address)
        if wait is not None:
            return too_many(wait)
        client = await anyio.to_thread.run_sync(
            _authenticated, self.tokens, fields, request.headers
        )
        if client is None:
            self.limits.token_failed(client_id, address)
            return JSONResponse({"error": "invalid_client"}, 401, headers=NO_STORE)
        token = (fields.get("token") or [""])[0]
        if not token:
            return JSONResponse({"error": "invalid_request"}, 400, headers=NO_STORE)
        await self._end(token, client)
        return Response(status_code=200, headers=NO_STORE)

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
        client = Client(ClientId(family.client_id), family.client_name)
        actor = Actor(Via.HTTP, family.person, client, ConsentId(family.consent_id))
        context = CommandContext(actor, self.clock(), self.new_id())
        await self.bus.execute(EndFamily(family.family_id, EndReason.REVOKED_BY_CLIENT), context)


def _grant(fields: Mapping[str, list[str]]) -> str:
    """Return the type of grant that is asked for, if there is such a one."""
    asked = (fields.get("grant_type") or [""])[0]
    return asked if asked in GRANTS else "other"


def _authenticated(
    tokens: TokenEndpoint, fields: Mapping[str, list[str]], headers: Mapping[str, str]
) -> str | None:
    """Return the id of the client that the request authenticates as."""
    try:
        client = tokens.authenticate_client(TokenRequest(fields, headers), AUTH_METHODS)
    except (OAuth2Error, ValueError):
        return None
    return str(client.client_id)
