"""Introspection (RFC 7662): a resource server on another machine asks whether a token is good. It
proves itself with its own secret and learns only of tokens that are meant for it (§4); of any
other, and of every token that is not good, it hears nothing but that (§2.2)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from domain.ports import Clock, Rows
from projections.consents import consent_by_id
from projections.people import person_by_id
from projections.resource_servers import ResourceServerRow, resource_server
from projections.token_families import (
    FamilyRow,
    family_by_id,
    family_of_refresh_token,
    refresh_expiry,
)
from server.limits.attempts import Attempts, address_of, too_many
from server.oauth.token_rows import find_access_token
from server.reads import Reads
from server.request_bodies import fields_of, read_limited
from server.secret_tokens import REFRESH, digest

FORM_LIMIT = 16 * 1024
NO_STORE = {"Cache-Control": "no-store"}
INACTIVE: Mapping[str, object] = {"active": False}


@dataclass(frozen=True, slots=True)
class Introspection:
    """``/introspect``."""

    reads: Reads
    issuer: str
    clock: Clock
    limits: Attempts

    def routes(self) -> list[BaseRoute]:
        """Return the route; programs on other machines call it, never a browser's."""
        return [Route("/introspect", self.introspect, methods=["POST"])]

    async def introspect(self, request: Request) -> Response:
        """Answer one question."""
        body, now = await read_limited(request, FORM_LIMIT), self.clock()
        fields = fields_of(body or b"")
        if body is None or any(len(values) > 1 for values in fields.values()):
            return _error("invalid_request", 400)
        form = {name: values[0] for name, values in fields.items()}
        name, secret, basic = _credentials(form, request.headers)
        address = address_of(request)
        wait = self.limits.token(name, address)
        if wait is not None:
            return too_many(wait)
        asking = await self.reads.query(lambda rows: _authenticated(rows, name, secret, now))
        if asking is None:
            self.limits.token_failed(name, address)
            return _unauthorized(basic=basic)
        token = form.get("token", "")
        if not token:
            return _error("invalid_request", 400)
        plain = token.replace("\0", "")
        known = await self.reads.query(lambda rows: _known(rows, plain, asking, self.issuer, now))
        return JSONResponse(dict(known), headers=NO_STORE)


def _credentials(form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[str, str, bool]:
    """Return name and secret, and whether they came by HTTP Basic (RFC 6749 §2.3.1)."""
    if "authorization" not in headers:
        name = form.get("client_id", "").replace("\0", "")
        return name, form.get("client_secret", ""), False
    from authlib.oauth2.rfc6749.util import (  # noqa: PLC0415 - loads all of Authlib
        extract_basic_authorization,
    )

    try:
        found = extract_basic_authorization({"Authorization": headers["authorization"]})
    except ValueError:
        found = ("", "")
    return (found[0] or "").replace("\0", ""), found[1] or "", True


def _authenticated(rows: Rows, name: str, secret: str, now: datetime) -> ResourceServerRow | None:
    row = resource_server(rows, name)
    given = digest(secret)
    good = row.good_digests(now) if row else [digest("")]
    matching = [hmac.compare_digest(one, given) for one in good]
    return row if row and secret and any(matching) else None


def _known(
    rows: Rows, token: str, asking: ResourceServerRow, issuer: str, now: datetime
) -> Mapping[str, object]:
    """Return what the resource server may know of the token."""
    about = (
        _refresh_token(rows, token, now)
        if token.startswith(REFRESH)
        else _access_token(rows, token, now)
    )
    if about is None:
        return INACTIVE
    family, members = about
    person = person_by_id(rows, family.person)
    consent = consent_by_id(rows, family.consent_id)
    mine = family.resource == asking.resource and not family.ended
    if not mine or consent is None or person is None or person.disabled:
        return INACTIVE
    if token.startswith(REFRESH):
        # Nothing that a resource server could take for leave to let somebody in.
        return {"active": True, **members, "client_id": family.client_id, "iss": issuer}
    scopes = [one for one in str(members["scope"]).split() if one in consent.scopes]
    return {
        "active": True,
        **members,
        "scope": " ".join(scopes),
        "client_id": family.client_id,
        "username": person.username,
        "sub": family.person,
        "aud": family.resource,
        "iss": issuer,
    }


def _access_token(
    rows: Rows, token: str, now: datetime
) -> tuple[FamilyRow, dict[str, object]] | None:
    row = find_access_token(rows, token)
    family = family_by_id(rows, row.family_id) if row else None
    if row is None or family is None or row.expires_at <= now:
        return None
    return family, {
        "token_type": "Bearer",
        "scope": " ".join(row.scopes),
        "iat": int(row.issued_at.timestamp()),
        "exp": int(row.expires_at.timestamp()),
    }


def _refresh_token(
    rows: Rows, token: str, now: datetime
) -> tuple[FamilyRow, dict[str, object]] | None:
    family = family_of_refresh_token(rows, digest(token))
    expires_at = refresh_expiry(rows, digest(token))
    if family is None or expires_at is None or expires_at <= now:
        return None
    return family, {"exp": int(expires_at.timestamp())}


def _error(error: str, status: int) -> Response:
    return JSONResponse({"error": error}, status, headers=NO_STORE)


def _unauthorized(*, basic: bool) -> Response:
    """RFC 6749 §5.2: a challenge where the credentials came in a header."""
    answer = _error("invalid_client", 401)
    if basic:
        answer.headers["WWW-Authenticate"] = 'Basic realm="introspection"'
    return answer
