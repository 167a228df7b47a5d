"""Identity providers as programs of their own, and a browser for their pages."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx

from server.secret_tokens import new_secret
from server.sign_in.discovery import Discovery
from server.sign_in.identity_provider import IdentityProvider
from server.wiring import System
from tests.browser import FormBrowser
from tests.conftest import missing
from tests.running import free_port

CLIENTS = Path(__file__).parents[1] / "clients"
NODE = CLIENTS / "node_modules" / ".bin" / "node"
CLIENT_ID, CLIENT_SECRET = "doorward", "a secret of the provider's client"
READY_SECONDS = 30


def doorward_at(system: System, issuer: str, **settings: object) -> IdentityProvider:
    """Return the sign-in of a system whose settings name this provider."""
    chosen = replace(
        system.settings,
        oidc_issuer=issuer,
        oidc_client_id=CLIENT_ID,
        **{"oidc_client_secret": CLIENT_SECRET, **settings},  # type: ignore[arg-type]  # fields by name
    )
    discovery = Discovery(chosen, system.clock)
    return IdentityProvider(system.bus, chosen, discovery, system.clock, system.new_id)


class ProviderBrowser(FormBrowser):
    """Fills in the sign-in pages of providers: `username` is the subject."""

    async def submit(self, page: httpx.Response, **changes: str) -> httpx.Response:
        """Post the form; each provider reads the fields that it knows."""
        named = {"sub": self.username, "login": self.username, "password": "any"}
        return await super().submit(page, **{**named, **changes})


@dataclass
class Visit:
    """One browser's way to the provider and back: `browser` is its cookie's secret here."""

    doorward: IdentityProvider
    browser: str
    then: str
    url: str

    async def callback(self, subject: str) -> dict[str, str]:
        """Sign in at the provider; return what it sends back."""
        http = httpx.AsyncClient()
        async with ProviderBrowser(self.doorward.settings.oidc_issuer, subject, http=http) as one:
            landed = await one.visit(self.url)
        assert landed.startswith(self.doorward.redirect_uri)
        return query_of(landed)


async def visit(doorward: IdentityProvider, *, fresh: bool = False) -> Visit:
    """Begin a sign-in in a browser of its own."""
    browser, then = new_secret(), new_secret()
    url = await doorward.begin(then, browser=browser, fresh=fresh)
    return Visit(doorward, browser, then, url)


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


@asynccontextmanager
async def mock_provider(*people: dict[str, object]) -> AsyncIterator[str]:
    """oidc-provider-mock with these people's claims; yields its issuer."""
    port = free_port()
    claims = [word for one in people for word in ("--user-claims", json.dumps(one))]
    command = (sys.executable, "-m", "oidc_provider_mock", "-p", str(port), *claims)
    async with _running(f"http://127.0.0.1:{port}", *command) as issuer:
        yield issuer


@asynccontextmanager
async def node_provider(redirect_uri: str) -> AsyncIterator[str]:
    """npm's oidc-provider; yields its issuer."""
    if not NODE.exists() or not (CLIENTS / "node_modules" / "oidc-provider").is_dir():
        missing("npm's oidc-provider (npm install in tests/clients)")
    port = free_port()
    script = str(CLIENTS / "identity-provider.mjs")
    command = (str(NODE), script, str(port), redirect_uri)
    async with _running(f"http://127.0.0.1:{port}", *command) as issuer:
        yield issuer


@asynccontextmanager
async def _running(issuer: str, *command: str) -> AsyncIterator[str]:
    """Run a provider until the block ends; what it writes is of no interest."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(READY_SECONDS), httpx.AsyncClient() as http:
            while not await _answers(http, issuer):
                assert process.returncode is None, "the provider ended by itself"
                await asyncio.sleep(0.05)
        yield issuer
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(http: httpx.AsyncClient, issuer: str) -> bool:
    try:
        answer = await http.get(f"{issuer}/.well-known/openid-configuration")
    except httpx.TransportError:
        return False
    return answer.is_success
