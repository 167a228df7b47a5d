"""Dynamic client registration (RFC 7591). The metadata's types are checked first, since nothing
after that may meet a surprise; the answer echoes what was understood and never holds a null."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from domain.ports import NewId
from server.limits.attempts import Attempts, address_of, too_many
from server.oauth.client_names import clean_name
from server.oauth.clients import Clients, OAuthClient, Registered
from server.oauth.redirect_uris import all_acceptable
from server.oauth.resources import USER
from server.request_bodies import read_limited

BODY_LIMIT = 16 * 1024
NAME_LIMIT = 1_000
NO_STORE = {"Cache-Control": "no-store"}
AUTH_METHODS = ("none", "client_secret_basic", "client_secret_post")
GRANT_TYPES = ("authorization_code", "refresh_token")


class _Metadata(msgspec.Struct):
    redirect_uris: list[str]
    client_name: str = ""
    token_endpoint_auth_method: str = "none"  # noqa: S105 - a method's name
    grant_types: list[str] | None = None
    response_types: list[str] | None = None


_metadata_decoder = msgspec.json.Decoder(_Metadata)


class _Refused(Exception):  # noqa: N818 - an answer, not a fault
    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.body = {"error": error, "error_description": description}


def routes(clients: Clients, new_id: NewId, limits: Attempts) -> list[BaseRoute]:
    """Return the registration route."""

    async def register(request: Request) -> Response:
        wait = limits.registration(address_of(request))
        if wait is not None:
            return too_many(wait)
        body = await read_limited(request, BODY_LIMIT)
        try:
            client = clients.register(_understood(body, new_id()))
        except _Refused as refusal:
            return JSONResponse(refusal.body, 400, headers=NO_STORE)
        return JSONResponse(_answer(client), 201, headers=NO_STORE)

    return [Route("/register", register, methods=["POST"])]


def _understood(body: bytes | None, serial: str) -> Registered:
    if body is None:
        raise _Refused("invalid_client_metadata", f"more than {BODY_LIMIT} bytes")
    try:
        metadata = _metadata_decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        raise _Refused(
            "invalid_client_metadata", "not client metadata as RFC 7591 has it"
        ) from None
    uris = tuple(metadata.redirect_uris)
    if not all_acceptable(uris):
        raise _Refused("invalid_redirect_uri", "https, loopback http or a private scheme, 1 to 10")
    if metadata.token_endpoint_auth_method not in AUTH_METHODS:
        raise _Refused("invalid_client_metadata", "token_endpoint_auth_method is not supported")
    if metadata.response_types not in (None, [], ["code"]):
        raise _Refused("invalid_client_metadata", "only the response type code is supported")
    asked = metadata.grant_types or GRANT_TYPES
    grants = tuple(one for one in GRANT_TYPES if one in asked)
    if "authorization_code" not in grants:
        raise _Refused("invalid_client_metadata", "the grant type authorization_code is needed")
    if len(metadata.client_name) > NAME_LIMIT:
        raise _Refused("invalid_client_metadata", "client_name is too long")
    name = clean_name(metadata.client_name)
    return Registered(serial, name, uris, metadata.token_endpoint_auth_method, grants)


def _answer(client: OAuthClient) -> dict[str, object]:
    registered = client.registered
    answer: dict[str, object] = {
        "client_id": client.client_id,
        "client_name": registered.name,
        "redirect_uris": list(registered.redirect_uris),
        "grant_types": list(registered.grant_types),
        "response_types": ["code"],
        "token_endpoint_auth_method": registered.auth_method,
        "scope": " ".join(USER.scopes),
    }
    if client.secret is not None:
        answer |= {"client_secret": client.secret, "client_secret_expires_at": 0}
    return answer
