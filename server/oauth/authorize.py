"""The rules of the authorization endpoint, in the order they are asked. The first two decide
whether anybody may be sent back at all; what fails after them is told to the client by redirect.

    client      known to us                                RFC 6749 §4.1.2.1 -> page, no redirect
    redirect    one of the client's                        RFC 9700 §4.1     -> page, no redirect
    repeated    no parameter twice                         RFC 6749 §3.1
    response    response_type=code                         RFC 6749 §3.1.1
    challenge   PKCE with S256                             RFC 7636 §4.4.1, RFC 9700 §2.1.1
    resource    ours, or none                              RFC 8707 §2
    scopes      the resource's; strange ones are dropped   RFC 6749 §3.3
    prompt      none, or of login and consent              OpenID Connect Core §3.1.2.1
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode, urlsplit, urlunsplit

from domain.values import Scopes
from server.oauth.clients import OAuthClient
from server.oauth.resources import OFFLINE_ACCESS, USER, Resource, resource_at
from server.oauth.token_rows import AuthorizationRequest

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
STATE_LIMIT = 4_000
PROMPTS = frozenset({"none", "login", "consent", "select_account"})
Parameters = Mapping[str, Sequence[str]]


class NotRedirectable(Exception):  # noqa: N818 - an answer, not a fault
    """The request must be answered by a page: whoever sent it may not be trusted with a redirect."""


class OAuthError(Exception):
    """An error of RFC 6749 §4.1.2.1, told to the client."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of one request; each at most once, `one` gives its first value."""

    parameters: Parameters

    def one(self, name: str) -> str:
        values = self.parameters.get(name) or ("",)
        return values[0]


def check_client(asked: Asked, client: OAuthClient | None) -> OAuthClient:
    """Return the client that was found for the request's id."""
    if client is None or len(asked.parameters.get("client_id", ())) > 1:
        raise NotRedirectable(
            "This program is not known here, or not any more. Remove Doorward from your AI client "
            "(in Claude Code: “claude mcp logout”, then “claude mcp remove”) and add it again."
        )
    return client


def check_redirect(asked: Asked, client: OAuthClient) -> str:
    """Return where to send the person back to."""
    values = asked.parameters.get("redirect_uri", ())
    if len(values) > 1:
        raise NotRedirectable("The program named two addresses to return to.")
    registered = client.registered.redirect_uris
    if not values and len(registered) == 1:
        return registered[0]
    if not values or not client.allows_redirect(values[0]):
        raise NotRedirectable(
            "The program asked to be returned to an address that it did not register."
        )
    return values[0]


def check_repeated(asked: Asked) -> None:
    for name, values in asked.parameters.items():
        if len(values) > 1 and name != "resource":
            raise OAuthError("invalid_request", f"{_plain(name)} is given twice")


def check_response(asked: Asked) -> None:
    if asked.one("response_type") != "code":
        raise OAuthError("unsupported_response_type", "only response_type=code is supported")


def check_state(state: str | None) -> None:
    if state is not None and len(state) > STATE_LIMIT:
        raise OAuthError("invalid_request", f"state is longer than {STATE_LIMIT} characters")


def check_challenge(asked: Asked) -> str:
    challenge = asked.one("code_challenge")
    if asked.one("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(challenge):
        raise OAuthError("invalid_request", "PKCE with code_challenge_method=S256 is required")
    return challenge


def check_resource(values: Sequence[str], issuer: str) -> Resource:
    """Return the resource; the least powerful where none is named."""
    named = {resource_at(value, issuer) for value in values}
    if None in named or len(named) > 1:
        raise OAuthError("invalid_target", "name one of the resources of this server")
    return next((one for one in named if one is not None), USER)


def check_scopes(asked: Asked, resource: Resource) -> Scopes:
    """Return the asked scopes that are the resource's; its usual ones where none is named."""
    named = set(asked.one("scope").split()) - {OFFLINE_ACCESS} or set(resource.challenged)
    scopes = tuple(one for one in resource.scopes if one in named)
    if not scopes:
        raise OAuthError("invalid_scope", "none of these scopes belongs to this resource")
    return scopes


def check_prompts(asked: Asked) -> tuple[str, ...]:
    prompts = tuple(asked.one("prompt").split())
    alone = len(prompts) == 1 or "none" not in prompts
    if not set(prompts) <= PROMPTS or not alone:
        raise OAuthError("invalid_request", "prompt is none alone, or of login and consent")
    return prompts


def check(
    parameters: Parameters,
    client: OAuthClient,
    redirect_uri: str,
    issuer: str,
    now: datetime,
) -> AuthorizationRequest:
    """Ask the rules that are answered by redirect; the answer carries the error, if any."""
    asked = Asked(parameters)
    state = asked.one("state") if "state" in parameters else None
    to = (client.client_id, redirect_uri, state)
    try:
        check_repeated(asked)
        check_response(asked)
        check_state(state)
        challenge = check_challenge(asked)
        resource = check_resource(parameters.get("resource", ()), issuer)
        scopes = check_scopes(asked, resource)
        prompts = check_prompts(asked)
    except OAuthError as fault:
        prompts = tuple(asked.one("prompt").split())
        error, why = fault.error, fault.description
        return AuthorizationRequest(*to, (), "", "", prompts, now, error, why)
    return AuthorizationRequest(*to, scopes, resource.url(issuer), challenge, prompts, now)


def answer_url(request: AuthorizationRequest, issuer: str, answer: Mapping[str, str]) -> str:
    """Return the redirect that carries an answer, with `state` and `iss` (RFC 9207 §2)."""
    parts = urlsplit(request.redirect_uri)
    query = {**answer, "iss": issuer}
    if request.state is not None:
        query["state"] = request.state
    kept = [pair for pair in parts.query.split("&") if pair and not pair.startswith("iss=")]
    encoded = "&".join([*kept, urlencode(query, errors="replace")])
    return urlunsplit(parts._replace(query=encoded))


def error_url(request: AuthorizationRequest, issuer: str, error: str, description: str) -> str:
    """Return the redirect that carries an error."""
    answer = {"error": error, "error_description": description}
    return answer_url(request, issuer, answer)


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z_]", "", name)[:40] or "a parameter"
