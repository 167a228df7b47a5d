"""An identity provider that answers over real HTTP whatever a test tells it to."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

from joserfc import jws
from joserfc.jwk import ECKey, KeySet

from server.sign_in.identity_provider import IdentityProvider
from tests.sign_in.providers import CLIENT_ID, Visit, query_of

ACCESS_TOKEN = "an access token of the provider"


def new_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid})


@dataclass
class HostileProvider:
    """What it answers; `claims` and `metadata` lie on top of what an honest one would say, and a
    value of None leaves a field out. `forger` signs in place of `key`. `asked` are the paths that
    were called, `written` the ID tokens that went out, `proofs` how
    the token endpoint was asked: the authorization header and the form."""

    issuer: str = ""
    key: ECKey = field(default_factory=lambda: new_key("1"))
    forger: ECKey | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    userinfo: Any = None
    tokens: dict[str, Any] = field(default_factory=dict)
    alg: str = "ES256"
    status: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    nonce: str = ""
    written: list[str] = field(default_factory=list)
    proofs: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def callback(self, went: Visit, **changes: str) -> dict[str, str]:
        """Return what an honest provider would send back for this visit."""
        asked = query_of(went.url)
        self.nonce = asked["nonce"]
        return {"code": "a code of the provider", "state": asked["state"], **changes}

    def answer(self, path: str) -> object:
        """Return the JSON for a path."""
        self.asked.append(path)
        answers: dict[str, Callable[[], object]] = {
            "/.well-known/openid-configuration": self._metadata,
            "/jwks": lambda: KeySet([self.key]).as_dict(private=False),
            "/token": self._tokens,
            "/userinfo": lambda: self.userinfo,
        }
        return answers[path]()

    def _metadata(self) -> dict[str, Any]:
        honest = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo" if self.userinfo is not None else None,
            "id_token_signing_alg_values_supported": ["none", "HS256", "ES256"],
        }
        return _without_none({**honest, **self.metadata})

    def _tokens(self) -> dict[str, Any]:
        honest = {
            "access_token": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": 30,
            "refresh_token": "a refresh token of the provider",
            "id_token": self._signed(),
        }
        self.written.append(str(honest["id_token"]))
        return _without_none({**honest, **self.tokens})

    def _signed(self) -> str:
        now = int(time.time())
        honest = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "s-1",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
        }
        claims = _without_none({**honest, **self.claims})
        signer = self.forger or self.key
        header = {"alg": self.alg, "kid": signer.kid}
        body = f"{_part(header)}.{_part(claims)}"
        if self.alg == "none":
            return f"{body}."
        if self.alg == "HS256":
            public = self.key.as_pem(private=False)
            return f"{body}.{_base64url(hmac.digest(public, body.encode(), 'sha256'))}"
        return jws.serialize_compact(header, json.dumps(claims).encode(), signer)


def _without_none(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def _part(value: dict[str, Any]) -> str:
    return _base64url(json.dumps(value).encode())


def _base64url(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


@contextmanager
def hostile_provider() -> Iterator[HostileProvider]:
    """Run one on a port of its own."""
    provider = HostileProvider()

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            if self.path == "/token":
                header = self.headers.get("authorization", "")
                provider.proofs.append((header, dict(parse_qsl(sent))))
            body = json.dumps(provider.answer(self.path)).encode()
            self.send_response(provider.status.get(self.path, 200))
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the standard library's name

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def finished(doorward: IdentityProvider, provider: HostileProvider, went: Visit) -> str:
    """Take the honest callback of a visit; return the person's id."""
    person_id, _ = await doorward.finish(provider.callback(went), went.browser)
    return person_id
