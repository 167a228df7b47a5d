"""Who a client id stands for. A registered client's id is its own metadata, signed: nothing is
stored, a restart or a lost database forgets nobody (RFC 7591 allows any opaque id). The ids of
known clients are URLs of their metadata documents, pinned here and never fetched."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

import msgspec

from domain.ports import SigningKey, SigningKeys
from domain.values import Client, ClientId
from server.oauth import redirect_uris
from server.oauth.client_names import claims_too_much, shown_host, shown_name

PREFIX = "dw1."
LIMIT = 8_000


class Registered(msgspec.Struct, frozen=True):
    """What a client id carries. `serial` makes each registration its own client."""

    serial: str
    name: str
    redirect_uris: tuple[str, ...]
    auth_method: str = "none"
    grant_types: tuple[str, ...] = ("authorization_code", "refresh_token")


_registered_decoder = msgspec.json.Decoder(Registered)


PINNED = {
    "https://claude.ai/oauth/claude-code-client-metadata": Registered(
        "", "Claude Code", ("http://localhost/callback", "http://127.0.0.1/callback")
    ),
    "https://vscode.dev/oauth/client-metadata.json": Registered(
        "",
        "Visual Studio Code",
        ("http://127.0.0.1/", "http://localhost/", "https://vscode.dev/redirect"),
    ),
}
"""Metadata documents of known clients, by their URL."""


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A client as Authlib asks about it: with the methods of its `ClientMixin`, which would load it all."""

    client_id: str
    registered: Registered
    secret: str | None
    vouched: bool = False
    """Whether the organisation knows the client, rather than it having registered itself."""

    @property
    def document_host(self) -> str | None:
        """The host that vouches for the client, where its id is a URL; None where it registered
        itself."""
        return document_host(self.client_id)

    @property
    def digest(self) -> str:
        """SHA-256 in hex of the metadata that a person consents to."""
        return sha256(msgspec.json.encode(self.registered)).hexdigest()

    @property
    def shown_name(self) -> str:
        """The name as a page may show it."""
        return shown_name(self.registered.name)

    @property
    def claims_too_much(self) -> bool:
        """Whether the name holds a word that only the organisation may use, and nobody vouches."""
        return not self.vouched and claims_too_much(self.registered.name)

    def identity(self) -> Client:
        """Return the client as events name it."""
        return Client(ClientId(self.client_id), self.registered.name)

    def allows_redirect(self, uri: str) -> bool:
        """Say whether the client may be sent back there."""
        return redirect_uris.matches(uri, self.registered.redirect_uris)

    def check_client_secret(self, client_secret: str) -> bool:
        """Compare in constant time."""
        return self.secret is not None and hmac.compare_digest(
            self.secret.encode(), client_secret.encode("utf-8", "replace")
        )

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Say whether the client authenticates like that. Either place of a secret will do."""
        if self.registered.auth_method == "none":
            return method == "none"
        return method in ("client_secret_basic", "client_secret_post")

    def check_grant_type(self, grant_type: str) -> bool:
        """Say whether the client registered for this grant."""
        return grant_type in self.registered.grant_types


def document_host(client_id: str) -> str | None:
    """Return the host of a client id that is a URL; None for any other."""
    if not client_id.startswith("https:"):
        return None
    return shown_host(urlsplit(client_id).hostname or "")


class Clients:
    """Turns registrations into client ids and back. The newest key signs; an id that an older one
    signed, and the secret derived from it, stay good until that key is dropped."""

    def __init__(self, keys: SigningKeys) -> None:
        self._keys = keys

    def register(self, registered: Registered) -> OAuthClient:
        """Return the client that this registration makes."""
        payload, key = _text(msgspec.json.encode(registered)), self._keys.ring()[0]
        client_id = f"{PREFIX}{payload}.{_text(_sign(key, b'id', payload))}"
        return _client(key, client_id, registered)

    def find(self, client_id: str) -> OAuthClient | None:
        """Return the client, or None if the id is neither pinned nor signed by us."""
        if client_id in PINNED:
            return OAuthClient(client_id, PINNED[client_id], None, vouched=True)
        if not client_id.startswith(PREFIX) or len(client_id) > LIMIT or not client_id.isascii():
            return None
        payload, _, signature = client_id.removeprefix(PREFIX).partition(".")
        key = next((one for one in self._keys.ring() if _signed(one, payload, signature)), None)
        if key is None:
            return None
        try:
            registered = _registered_decoder.decode(_bytes(payload))
        except (msgspec.MsgspecError, ValueError):
            return None
        return _client(key, client_id, registered)


def _client(key: SigningKey, client_id: str, registered: Registered) -> OAuthClient:
    confidential = registered.auth_method != "none"
    secret = _text(_sign(key, b"secret", client_id)) if confidential else None
    return OAuthClient(client_id, registered, secret)


def _sign(key: SigningKey, purpose: bytes, text: str) -> bytes:
    return hmac.digest(key.secret, purpose + b"\0" + text.encode(), sha256)


def _signed(key: SigningKey, payload: str, signature: str) -> bool:
    return hmac.compare_digest(_text(_sign(key, b"id", payload)), signature)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
