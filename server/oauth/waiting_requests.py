"""Authorization requests on their way: they wait in a row while a person signs in and decides. A
page knows its request by an opaque secret alone; the request is answered once."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from domain.ports import Clock
from server.oauth import redirect_uris
from server.oauth.client_documents import ClientDocuments
from server.oauth.clients import Clients, OAuthClient
from server.oauth.token_rows import AuthorizationRequest, find_request
from server.reads import Reads
from server.sign_in.endpoint import Purpose

_log = logging.getLogger(__name__)
CONTINUE = "/authorize/continue"
_PATH = re.compile(re.escape(CONTINUE) + r"\?request=([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits, by its secret, with its client as it is known now."""

    secret: str
    request: AuthorizationRequest
    client: OAuthClient

    @property
    def path(self) -> str:
        """Where the person goes on with it."""
        return f"{CONTINUE}?request={self.secret}"

    @property
    def form_targets(self) -> str:
        """Where a form of its pages may lead: back here, or to the client, whose own origin may
        differ from the asked one in the port alone."""
        return "'self' " + redirect_uris.policy_sources((self.request.redirect_uri,))


@dataclass(frozen=True, slots=True)
class WaitingRequests:
    """Finds requests that wait; without `documents`, client ids that are URLs are those pinned."""

    reads: Reads
    clients: Clients
    documents: ClientDocuments | None
    clock: Clock

    async def find(self, secret: str) -> Waiting | None:
        """Return the request, unless it was answered, has expired or lost its client."""
        now = self.clock()
        request = await self.reads.query(lambda rows: find_request(rows, secret, now))
        client = await self.client(request.client_id) if request else None
        return Waiting(secret, request, client) if request and client else None

    async def client(self, client_id: str) -> OAuthClient | None:
        """Return the client of this id: one whose id we signed, or whose document is pinned here
        or, where documents are taken, is published at the URL that is its id."""
        known = self.clients.find(client_id)
        if known is not None or self.documents is None or not client_id.startswith("https://"):
            return known
        published = await self.documents.find(client_id)
        if published.registered is None:
            _log.warning("client document %s: %s", client_id[:200], published.refusal)
            return None
        vouched = self.documents.vouched(client_id)
        return OAuthClient(client_id, published.registered, None, vouched=vouched)

    async def purpose_of(self, path: str) -> Purpose | None:
        """Return what a sign-in that leads to this path is for."""
        found = _PATH.fullmatch(path)
        waiting = await self.find(found.group(1)) if found else None
        if waiting is None:
            return None
        name = waiting.client.shown_name
        return Purpose(
            f"“{name}” wants to act for you. Sign in first; you decide on the next page.",
            waiting.form_targets,
            fresh="login" in waiting.request.prompts,
        )
