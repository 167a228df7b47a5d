"""What stands before the tools: the bearer token, and the scopes of the tool that is called. Challenges
follow RFC 6750 §3, RFC 9728 §5.1 and the MCP specification: the 401 names all the scopes a client
should ask for, the 403 all that this call needs beside what the client has: who asks for just what is missing
would lose the rest, and be sent back and forth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from domain.ports import Clock, Rows
from domain.values import FamilyId, Scopes
from server.bearer import AccessGrant, verify
from server.limits.calls import CallRates, Exceeded
from server.mcp.protocol.replies import JSON_CONTENT, Reply, encoded
from server.mcp.protocol.request_headers import AUTHORIZATION, RequestHeaders
from server.oauth.resources import Resource
from server.overload import rpc_error

Used = Callable[[FamilyId, datetime], None]
Needs = Callable[[AccessGrant], Scopes]
"""Which scopes a caller needs for what he asks."""
WRITE = ":write"
"""How the scopes end that let a tool write."""
CALLER = "doorward.caller"
"""Where in a request's scope it stands whom the gate has let in."""
ADMITTED = "doorward.admitted"
"""Likewise, for what: the method, and the tool that is called. Whoever reads the body once more has to have
read the same, else the scopes and rates of one thing would let in another."""


class NotAdmitted(Exception):  # noqa: N818 - says what is
    """The caller may not; `reply` says why, and `grant` who he is, if that is known."""

    def __init__(self, reply: Reply, grant: AccessGrant | None = None) -> None:
        super().__init__(reply.status)
        self.reply = reply
        self.grant = grant


class Gate:
    """Admits callers to one resource."""

    def __init__(
        self,
        resource: Resource,
        issuer: str,
        clock: Clock,
        used: Used,
        rates: CallRates,
        features: frozenset[str] = frozenset(),
    ) -> None:
        """`used` hears of each use of a token, on the event loop; `rates` counts calls; `features` are on
        until somebody switches them."""
        self._url = resource.url(issuer)
        self._metadata = resource.metadata_url(issuer)
        self._scopes = resource.scopes
        self._clock = clock
        self._used = used
        self._rates = rates
        self._features = features
        self._unknown = self._unauthorized(resource.challenged, sent=False)
        self._invalid = self._unauthorized(resource.challenged, sent=True)

    def token(self, headers: RequestHeaders) -> str:
        """Return the bearer token; raises `NotAdmitted` where there is none."""
        sent = headers.get(AUTHORIZATION)
        if sent is None:
            raise NotAdmitted(self._unknown)
        scheme, _, token = sent.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise NotAdmitted(self._invalid)
        return token

    def admit(self, rows: Rows, token: str, needs: Needs) -> AccessGrant:
        """Return what a token lets its bearer do, if that is as much as is needed, and count the call;
        raises `NotAdmitted`, also where he has called too often."""
        grant = verify(rows, token, self._url, self._clock(), self._features)
        if grant is None:
            raise NotAdmitted(self._invalid)
        needed = needs(grant)
        if not set(needed) <= set(grant.scopes):
            wanted = {*needed, *grant.scopes}
            ordered = tuple(one for one in self._scopes if one in wanted)
            raise NotAdmitted(self._insufficient(ordered), grant)
        writing = any(one.endswith(WRITE) for one in needed)
        exceeded = self._rates.count(
            grant.person.person_id, grant.client.client_id, writing=writing
        )
        if exceeded is not None:
            raise NotAdmitted(_too_many(exceeded), grant)
        return grant

    def standing(self, rows: Rows, token: str) -> AccessGrant | None:
        """Return what a token that was admitted still lets its bearer do; None where it is good no longer.
        Nothing is counted: nobody has called."""
        return verify(rows, token, self._url, self._clock(), self._features)

    def note(self, grant: AccessGrant) -> None:
        """Let it be known that a token was used just now."""
        self._used(grant.family_id, self._clock())

    def _unauthorized(self, scopes: Scopes, *, sent: bool) -> Reply:
        """RFC 6750 §3.1: no error code where no token was sent."""
        challenge = self._challenge(scopes, 'error="invalid_token"' if sent else "")
        return _challenged(401, challenge, {"error": "invalid_token" if sent else "unauthorized"})

    def _insufficient(self, scopes: Scopes) -> Reply:
        why = 'error_description="this needs more access than was consented to"'
        challenge = self._challenge(scopes, f'error="insufficient_scope", {why}')
        body = {"error": "insufficient_scope", "scope": " ".join(scopes)}
        return _challenged(403, challenge, body)

    def _challenge(self, scopes: Scopes, error: str) -> str:
        parts = [
            error,
            f'scope="{" ".join(scopes)}"',
            f'resource_metadata="{self._metadata}"',
        ]
        return "Bearer " + ", ".join(filter(None, parts))


def _too_many(exceeded: Exceeded) -> Reply:
    """Answer who has to wait (RFC 6585 §4). The fields of that name are an IETF draft's
    (draft-ietf-httpapi-ratelimit-headers)."""
    seconds, policy = exceeded.wait, exceeded.policy
    sentence = f"Too many calls; try again in {seconds} seconds."
    headers = (
        *JSON_CONTENT,
        (b"retry-after", b"%d" % seconds),
        (b"ratelimit-policy", f'"{policy}";q={exceeded.most};w=60'.encode()),
        (b"ratelimit", f'"{policy}";r=0;t={seconds}'.encode()),
    )
    return Reply(429, rpc_error(None, sentence, seconds), headers)


def _challenged(status: int, challenge: str, body: dict[str, str]) -> Reply:
    headers = (*JSON_CONTENT, (b"www-authenticate", challenge.encode()))
    return Reply(status, encoded(body), headers)
