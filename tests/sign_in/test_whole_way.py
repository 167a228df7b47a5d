"""From an AI client through Doorward's pages to the organisation's identity provider and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from domain.person import IdentityLinked, PutPerson
from server.setting_parsers import LocalAccounts
from server.wiring import System
from tests.mcp.wire import Wire
from tests.seeds import PASSWORD, person
from tests.sign_in.providers import (
    CLIENT_ID,
    CLIENT_SECRET,
    ProviderBrowser,
    mock_provider,
)
from tests.web import Web, web_with

pytestmark = pytest.mark.anyio
DANA: dict[str, object] = {"sub": "s-dana", "preferred_username": "dana", "given_name": "Dana"}


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[str]:
    async with mock_provider(DANA) as issuer:
        yield issuer


def settings(issuer: str, **more: object) -> dict[str, object]:
    named = {"oidc_issuer": issuer, "oidc_client_id": CLIENT_ID}
    return {**named, "oidc_client_secret": CLIENT_SECRET, "oidc_name": "Example Corp", **more}


async def onward(web: Web, url: str, http: httpx.AsyncClient, subject: str = "s-dana") -> str:
    """Go from a sign-in page to the provider, sign in there, and return where it leads."""
    page = await http.get(url)
    assert "Sign in with Example Corp" in page.text
    link = page.text.split('class="button" href="')[1].split('"')[0]
    sent = await http.get(urljoin(web.issuer, link))
    there = sent.headers["location"]
    issuer = "{0.scheme}://{0.netloc}".format(urlsplit(there))
    async with ProviderBrowser(issuer, subject) as browser:
        return await browser.visit(there)


async def test_a_person_of_the_provider_uses_a_client(system: System, provider: str) -> None:
    async with web_with(system, **settings(provider)) as (web, _):
        flow, browser = web.flow(), web.browser("nobody")
        await flow.register()
        back = await onward(web, flow.authorization_url(), browser.http)
        landed = await browser.visit(back)
        assert "Dana" in browser.pages[-1]
        code = landed.split("code=")[1].split("&")[0]
        tokens = (await flow.redeem(code)).json()
        assert await Wire(web.http, web.issuer, tokens["access_token"]).tools()
        (linked,) = web.events(IdentityLinked)
        assert (linked.issuer, linked.subject.text) == (provider, "s-dana")
        again = await browser.http.get(back)
        assert "You are not signed in" in again.text, "a callback is good once"


async def test_with_a_provider_there_are_no_passwords_unless_asked_for(
    system: System, provider: str
) -> None:
    async with web_with(system, **settings(provider)) as (web, _):
        flow = web.flow()
        await flow.register()
        page = await web.browser().http.get(flow.authorization_url())
        assert 'name="password"' not in page.text
        form = {"username": "alice", "password": PASSWORD, "then": "/connections", "csrf": "x"}
        refused = await web.http.post(f"{web.issuer}/sign-in", data=form)
        assert refused.status_code == 403
    both = settings(provider, local_accounts=LocalAccounts.ON)
    async with web_with(system, **both) as (web, _):
        flow = web.flow()
        assert "access_token" in await flow.sign_in(web.browser())


async def test_somebody_elses_callback_signs_nobody_in(system: System, provider: str) -> None:
    """RFC 9700 §4.7: an attacker's answer in a victim's browser."""
    async with web_with(system, **settings(provider)) as (web, _):
        attacker, victim = web.browser(), web.browser()
        back = await onward(web, f"{web.issuer}/connections", attacker.http)
        landed = await victim.http.get(back)
        assert "You are not signed in" in landed.text
        page = await victim.http.get(f"{web.issuer}/connections")
        assert "Sign in with Example Corp" in page.text


async def test_a_disabled_person_is_told_and_not_let_in(system: System, provider: str) -> None:
    async with web_with(system, **settings(provider)) as (web, _):
        browser = web.browser()
        back = await onward(web, f"{web.issuer}/connections", browser.http)
        assert (await browser.http.get(back)).headers["location"] == "/connections"
        (linked,) = web.events(IdentityLinked)
        gone = person(linked.person_id, disabled=True)
        await web.execute(PutPerson(linked.person_id, gone))
        page = await browser.http.get(f"{web.issuer}/connections")
        assert "Sign in with Example Corp" in page.text, "the session is over"
        again = await browser.http.get(
            await onward(web, f"{web.issuer}/connections", browser.http)
        )
        assert "disabled" in again.text


async def test_a_provider_that_does_not_answer_is_a_page_and_no_fault(system: System) -> None:
    async with web_with(system, **settings("http://127.0.0.1:9")) as (web, _):
        answer = await web.http.get(f"{web.issuer}/sign-in/start?then=/connections")
        assert (answer.status_code, "cannot be reached" in answer.text) == (503, True)


@pytest.mark.parametrize(
    "path",
    [
        "/sign-in/start",
        "/sign-in/start?then=https://evil.example",
        "/sign-in/start?then=//evil.example",
        "/sign-in/callback",
        "/sign-in/callback?state=x&code=y",
        "/sign-in/callback?error=%00&state=%ff",
    ],
)
async def test_a_lost_visitor_gets_a_page(system: System, provider: str, path: str) -> None:
    async with web_with(system, **settings(provider)) as (web, _):
        answer = await web.http.get(f"{web.issuer}{path}")
        assert answer.status_code in {400, 403}
        assert "location" not in answer.headers
