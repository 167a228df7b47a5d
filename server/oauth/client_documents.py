"""Client ID Metadata Documents: a client id that is an https URL, at which the client's publisher says
who it is (draft-ietf-oauth-client-id-metadata-document). The URL's form and its host's place on the
list are checked before anything is fetched; what comes is checked like a registration; answers are
kept for as long as the publisher says, and failures for a minute."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from domain.ports import Clock, DocumentFetcher, DocumentUnavailable
from server.oauth.client_names import clean_name
from server.oauth.clients import Registered
from server.oauth.redirect_uris import all_acceptable

URL_LIMIT = 2_000
KEPT = 1_000
"""Most documents and failures in memory; the oldest go first."""
FAILURE_LIFE = timedelta(seconds=60)
ANY_HOST = "*"
_PATH = re.compile(r"/[!-~]*")


class _Document(msgspec.Struct):
    client_id: str
    client_name: str
    redirect_uris: list[str]
    token_endpoint_auth_method: str = "none"  # noqa: S105 - a method's name
    grant_types: list[str] | None = None
    response_types: list[str] | None = None
    client_secret: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    client_secret_expires_at: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_document_decoder = msgspec.json.Decoder(_Document)


@dataclass(frozen=True, slots=True)
class Publisher:
    """What a document says of its client, or why there is none that can be used."""

    registered: Registered | None
    refusal: str = ""


@dataclass(slots=True)
class ClientDocuments:
    """Finds clients by the URL that is their id. `hosts` are those whose documents are fetched."""

    fetcher: DocumentFetcher
    hosts: frozenset[str]
    clock: Clock
    _kept: dict[str, tuple[datetime, Publisher]] = field(default_factory=dict)
    _fetching: dict[str, asyncio.Task[Publisher]] = field(default_factory=dict)

    def vouched(self, client_id: str) -> bool:
        """Say whether the host of a client id is one that the organisation has listed by name."""
        return _host(client_id) in self.hosts

    async def find(self, client_id: str) -> Publisher:
        """Return the client of this id. Many who ask at once make one fetch."""
        refusal = self._refused(client_id)
        if refusal:
            return Publisher(None, refusal)
        kept = self._kept.get(client_id)
        if kept is not None and self.clock() < kept[0]:
            return kept[1]
        task = self._fetching.get(client_id)
        if task is None:
            task = asyncio.create_task(self._fetch(client_id))
            self._fetching[client_id] = task
            task.add_done_callback(lambda _done: self._fetching.pop(client_id, None))
        return await asyncio.shield(task)

    def _refused(self, client_id: str) -> str:
        """Return why an id is not even looked up."""
        try:
            parts = urlsplit(client_id)
        except ValueError:
            return "it is not a URL"
        segments = re.sub("%2e", ".", parts.path, flags=re.IGNORECASE).split("/")
        plain = _PATH.fullmatch(parts.path) and len(client_id) <= URL_LIMIT
        if not plain or parts.path == "/" or not {".", ".."}.isdisjoint(segments):
            return "it has no plain path"
        if parts.username is not None or "#" in client_id or not client_id.isascii():
            return "it has a user or a fragment"
        if ANY_HOST not in self.hosts and not self.vouched(client_id):
            return "its host is not on the list (DOORWARD_CLIENT_DOCUMENT_HOSTS)"
        return ""

    async def _fetch(self, client_id: str) -> Publisher:
        life = FAILURE_LIFE
        try:
            document = await self.fetcher.fetch(client_id)
            found = Publisher(_understood(document.body, client_id))
            life = timedelta(seconds=document.cache_seconds)
        except DocumentUnavailable as fault:
            found = Publisher(None, str(fault))
        self._kept.pop(client_id, None)  # what is renewed is the newest again
        if len(self._kept) >= KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[client_id] = (self.clock() + life, found)
        return found


def _host(client_id: str) -> str:
    try:
        return (urlsplit(client_id).hostname or "").lower()
    except ValueError:
        return ""


def _understood(body: bytes, client_id: str) -> Registered:
    """Return what the document says; raises `DocumentUnavailable` if it may not say so."""
    try:
        document = _document_decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        raise DocumentUnavailable("it is not a client's metadata") from None
    if document.client_id != client_id:
        raise DocumentUnavailable("it is about another client_id")
    secrets = (document.client_secret, document.client_secret_expires_at)
    secret = any(one is not msgspec.UNSET for one in secrets)
    if secret or document.token_endpoint_auth_method != "none":  # noqa: S105 - a method's name
        raise DocumentUnavailable("it relies on a secret, which a public document cannot")
    if not document.client_name.strip():
        raise DocumentUnavailable("it does not name the client")
    uris = tuple(document.redirect_uris)
    if not all_acceptable(uris):
        raise DocumentUnavailable("its redirect_uris are not acceptable")
    if "authorization_code" not in (document.grant_types or ["authorization_code"]):
        raise DocumentUnavailable("it does not use authorization codes")
    if "code" not in (document.response_types or ["code"]):
        raise DocumentUnavailable("it does not use authorization codes")
    asked = document.grant_types or ["authorization_code", "refresh_token"]
    grants = tuple(one for one in ("authorization_code", "refresh_token") if one in asked)
    return Registered("", clean_name(document.client_name), uris, "none", grants)
