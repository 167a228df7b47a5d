"""The token endpoint. Authlib parses the request, authenticates the client and checks PKCE; that a
code is redeemed once and a refresh token rotates is decided by `domain.token_family`, in the
transaction of `token_issuing`. Everything here runs on a worker thread."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Payload, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidGrantError, OAuth2Error
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from authlib.oauth2.rfc7636 import CodeChallenge

from domain.errors import Refused
from domain.ports import Rows
from projections.token_families import FamilyRow, family_by_id, family_of_refresh_token
from server.oauth.approved_clients import approved
from server.oauth.clients import Clients, OAuthClient
from server.oauth.resources import normalised
from server.oauth.token_issuing import TokenIssuing
from server.oauth.token_rows import ACCESS_LIFE, CodeRow, find_code
from server.reads import Reads
from server.secret_tokens import ACCESS, REFRESH, digest, new_secret

# Authlib logs whole tokens when it is set to debug.
logging.getLogger("authlib").setLevel(logging.INFO)

AUTH_METHODS = ["client_secret_basic", "client_secret_post", "none"]


class _Payload(OAuth2Payload):  # type: ignore[misc]  # Authlib is untyped
    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        self._fields = fields

    @property
    def data(self) -> dict[str, str]:
        return {name: values[0] for name, values in self._fields.items()}

    @property
    def datalist(self) -> Mapping[str, list[str]]:
        return self._fields


class TokenRequest(OAuth2Request):  # type: ignore[misc]  # Authlib is untyped
    """A request at the token endpoint, its body already read."""

    def __init__(self, fields: Mapping[str, list[str]], headers: Mapping[str, str]) -> None:
        # Authlib asks for the header in just this spelling; ours come in lower case.
        named = {"Authorization": headers["authorization"]} if "authorization" in headers else {}
        super().__init__("POST", "https://doorward.invalid/token", headers=named)
        self.payload = _Payload(fields)

    @property
    def form(self) -> dict[str, str]:
        data: dict[str, str] = self.payload.data
        return data


def client_named(fields: Mapping[str, list[str]], headers: Mapping[str, str]) -> str:
    """Return the client id that a request names, true or not; empty where it names none, or two
    (RFC 6749 §2.3): else the one that is not looked at would choose what failures count for."""
    in_form = (fields.get("client_id") or [""])[0]
    try:
        found, _ = extract_basic_authorization({"Authorization": headers["authorization"]})
    except (KeyError, ValueError):
        found = None
    in_header = found or in_form
    return in_header if in_form in ("", in_header) else ""


@dataclass(frozen=True, slots=True)
class Bound:
    """A code or refresh token, presented, with its family, as Authlib asks about it."""

    presented: str
    family: FamilyRow
    code: CodeRow | None = None

    @property
    def code_challenge(self) -> str | None:
        return self.code.code_challenge if self.code else None

    @property
    def code_challenge_method(self) -> str:
        return "S256"

    def get_redirect_uri(self) -> str | None:
        return self.code.redirect_uri if self.code else None

    def get_scope(self) -> str:
        return " ".join(self.family.scopes)

    def check_client(self, client: OAuthClient) -> bool:
        return self.family.client_id == client.client_id


class _CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib is untyped
    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    server: TokenEndpoint

    def query_authorization_code(self, code: str, client: OAuthClient) -> Bound | None:
        found: Bound | None = self.server.ask(lambda rows: _code(rows, code))
        if found is None or not found.check_client(client):
            return None
        _check_resource(self.request, found.family)
        return found

    def authenticate_user(self, bound: Bound) -> str:
        return bound.family.person

    def delete_authorization_code(self, _code: Bound) -> None:
        """Do nothing: the family has recorded that its code is used."""


class _RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]  # Authlib is untyped
    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True
    server: TokenEndpoint

    def authenticate_refresh_token(self, token: str) -> Bound | None:
        family = self.server.ask(lambda rows: family_of_refresh_token(rows, digest(token)))
        if family is None:
            return None
        _check_resource(self.request, family)
        return Bound(token, family)

    def authenticate_user(self, bound: Bound) -> str:
        return bound.family.person

    def revoke_old_credential(self, _token: Bound) -> None:
        """Do nothing: the family has recorded the rotation."""


class _StrictChallenge(CodeChallenge):  # type: ignore[misc]  # Authlib is untyped
    """PKCE with S256 alone (RFC 9700 §2.1.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012 - Authlib reads it so
    DEFAULT_CODE_CHALLENGE_METHOD = "S256"

    def validate_code_verifier(self, grant: _CodeGrant, result: object) -> None:
        """Burn a code that comes with a wrong verifier (RFC 9700 §4.5): nobody gets two tries."""
        try:
            super().validate_code_verifier(grant, result)
        except InvalidGrantError:
            grant.server.burn(grant.request.authorization_code)
            raise


def _code(rows: Rows, code: str) -> Bound | None:
    row = find_code(rows, code)
    family = family_by_id(rows, row.family_id) if row else None
    return Bound(code, family, row) if family else None


def _check_resource(request: TokenRequest, family: FamilyRow) -> None:
    """The tokens' resource is that of the authorization (RFC 8707 §2.2)."""
    for value in request.payload.datalist.get("resource", []):
        if normalised(value) != normalised(family.resource):
            fault = OAuth2Error(description="the grant is for another resource")
            fault.error = "invalid_target"
            raise fault


class TokenEndpoint(AuthorizationServer):  # type: ignore[misc]  # Authlib is untyped
    """Authlib's server over our bus and read models; used for the token endpoint only."""

    def __init__(self, reads: Reads, clients: Clients, issuing: TokenIssuing) -> None:
        super().__init__()
        self._reads = reads
        self._clients = clients
        self._issuing = issuing
        self.register_grant(_CodeGrant, [_StrictChallenge(required=True)])
        self.register_grant(_RefreshGrant)

    def ask(self, question: Any) -> Any:
        return self._reads.blocking(question)

    def answer(
        self, fields: Mapping[str, list[str]], headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Return status, body and headers of the answer to a token request."""
        repeated = [name for name, values in fields.items() if len(values) > 1]
        if repeated and repeated != ["resource"]:
            return 400, {"error": "invalid_request"}, {}
        try:
            result: tuple[int, dict[str, Any], dict[str, str]] = self.create_token_response(
                TokenRequest(fields, headers)
            )
        except ValueError:
            # Authlib raises these for texts that no OAuth error may hold and for bad Basic headers.
            return 400, {"error": "invalid_request"}, {}
        return result

    def query_client(self, client_id: object) -> OAuthClient | None:
        """Return the client: one we know by its id alone, or one that a person has approved."""
        if not isinstance(client_id, str):
            return None
        known = self._clients.find(client_id)
        found: OAuthClient | None = known or self.ask(lambda rows: approved(rows, client_id))
        return found

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Send none: events say what happened."""

    def create_oauth2_request(self, request: TokenRequest) -> TokenRequest:
        return request

    def handle_response(
        self, status: int, body: Any, headers: Any
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        content = json.loads(body) if isinstance(body, str) else body
        return status, content, dict(headers)

    def generate_token(
        self, *, scope: str, include_refresh_token: bool, **_: Any
    ) -> dict[str, Any]:
        token: dict[str, Any] = {
            "token_type": "Bearer",
            "access_token": new_secret(ACCESS),
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "scope": scope,
        }
        if include_refresh_token:
            token["refresh_token"] = new_secret(REFRESH)
        return token

    def save_token(self, token: dict[str, Any], request: TokenRequest) -> None:
        """Redeem or rotate, and store the access token with it, or refuse with invalid_grant."""
        bound: Bound = request.authorization_code or request.refresh_token
        try:
            settled = self._issuing.issue(token, bound.family, bound.presented, bound.code)
        except Refused as refusal:
            raise InvalidGrantError from refusal
        if settled is None:
            raise InvalidGrantError
        token |= settled

    def burn(self, bound: Bound) -> None:
        """End what a code began that was shown with a wrong verifier: it is in wrong hands."""
        self._issuing.burn(bound.family)
