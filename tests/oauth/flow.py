"""A client's part of OAuth, spelled out, so that a test can bend any step."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from tests.browser import FormBrowser

REDIRECT = "http://127.0.0.1:43212/callback"


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass
class Flow:
    """One public client before one Doorward."""

    http: httpx.AsyncClient
    issuer: str
    client_id: str = ""
    path: str = "/mcp/user"
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def resource(self) -> str:
        return f"{self.issuer}{self.path}"

    async def register(self, **metadata: object) -> httpx.Response:
        """Register; remember the client id if that succeeds."""
        body = {"client_name": "Test client", "redirect_uris": [REDIRECT], **metadata}
        answer = await self.http.post(f"{self.issuer}/register", json=body)
        if answer.status_code == 201:
            self.client_id = answer.json()["client_id"]
        return answer

    def authorization_url(self, **changes: str | None) -> str:
        """Return the URL a browser is sent to; a parameter set to None is left out."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT,
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
            "state": "a-state",
            "resource": self.resource,
            **changes,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        return f"{self.issuer}/authorize?{urlencode(given)}"

    async def answer(self, browser: FormBrowser, **changes: str | None) -> dict[str, str]:
        """Let a person answer; return what the client is told in the redirect."""
        landed = await browser.visit(self.authorization_url(**changes))
        return dict(parse_qsl(urlsplit(landed).query))

    async def token(self, **changes: str | None) -> httpx.Response:
        """Ask the token endpoint."""
        asked = {"client_id": self.client_id, "resource": self.resource, **changes}
        given = {name: value for name, value in asked.items() if value is not None}
        return await self.http.post(f"{self.issuer}/token", data=given)

    async def redeem(self, code: str, /, **changes: str | None) -> httpx.Response:
        """Redeem a code."""
        grant = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": self.verifier,
        }
        return await self.token(**{**grant, **changes})

    async def refresh(self, token: str, /, **changes: str | None) -> httpx.Response:
        """Use a refresh token."""
        return await self.token(
            **{"grant_type": "refresh_token", "refresh_token": token, **changes}
        )

    async def sign_in(self, browser: FormBrowser, **changes: str | None) -> dict[str, Any]:
        """Go the whole way; return the token response."""
        if not self.client_id:
            await self.register()
        answer = await self.answer(browser, **changes)
        assert "code" in answer, answer
        response = await self.redeem(answer["code"])
        assert response.status_code == 200, response.text
        tokens: dict[str, Any] = response.json()
        return tokens
