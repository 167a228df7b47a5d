"""What a person is shown before a client may act for him, what he decides, and what is remembered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.consent import (
    ConsentGiven,
    ConsentNarrowed,
    ConsentRevoked,
    ConsentWidened,
    RevokeConsent,
)
from domain.person import PutPerson, Role
from domain.token_family import EndReason, FamilyEnded, FamilyOpened
from server.oauth import clients
from server.wiring import System
from tests.mcp.wire import Wire
from tests.oauth.flow import REDIRECT
from tests.seeds import ALICE, person
from tests.web import Web, web_with

pytestmark = pytest.mark.anyio
READ, WRITE = "doorward:user:read", "doorward:user:write"
ADMIN_READ, ADMIN_WRITE = "doorward:admin:people:read", "doorward:admin:people:write"
CLAUDE = "https://claude.ai/oauth/claude-code-client-metadata"
LOCAL = "http://localhost:51234/callback"


@pytest.fixture
def database_url() -> str:
    """One database: what a person decides does not depend on it."""
    return "sqlite:///:memory:"


async def test_the_page_says_in_plain_words_who_wants_what_and_who_decides(web: Web) -> None:
    """MCP, Security Best Practices: "Consent UI Requirements"."""
    flow, browser = web.flow(), web.browser()
    await flow.register(client_name="Acme Helper")
    await flow.answer(browser)
    page = browser.pages[-1]
    for words in (
        "Acme Helper",
        "it registered itself, unverified",
        "a program on this computer",
        "Doorward access requests",
        f"{web.issuer}/mcp/user",
        "search the catalog and read your access requests",
        "submit access requests in your name",
        "Alice Example",
        "Go on only if you started this yourself",
    ):
        assert words in page, words


async def test_a_client_of_a_known_publisher_is_shown_with_its_host(web: Web) -> None:
    """MCP Authorization, client ID metadata documents: the host is what can be trusted."""
    flow, browser = web.flow(), web.browser()
    flow.client_id = CLAUDE
    await browser.visit(flow.authorization_url(redirect_uri=LOCAL))
    assert "its publisher, claude.ai" in browser.pages[-1]
    assert "any program here can pass for" in browser.pages[-1]


async def test_an_unticked_scope_is_not_given_and_is_asked_for_again(web: Web) -> None:
    flow, browser = web.flow(), web.browser()
    await flow.register()
    browser.unticked = {f"allow:{WRITE}"}
    tokens = await flow.sign_in(browser)
    assert tokens["scope"] == READ
    wire = Wire(web.http, web.issuer, tokens["access_token"])
    refused = await wire.request("tools/call", {"name": "submit_access_request", "arguments": {}})
    assert refused.status_code == 403
    shown = len(browser.pages)
    browser.unticked = set()
    assert (await flow.sign_in(browser))["scope"] == f"{READ} {WRITE}"
    assert len(browser.pages) == shown + 1
    given, widened = web.events(ConsentGiven, ConsentWidened)
    assert (given.scopes, widened.added) == ((READ,), (WRITE,))


async def test_taking_a_scope_back_narrows_what_was_given_before(web: Web) -> None:
    flow, browser = web.flow(), web.browser()
    first = await flow.sign_in(browser)
    browser.unticked = {f"allow:{WRITE}"}
    await flow.sign_in(browser, prompt="consent")
    (narrowed,) = web.events(ConsentNarrowed)
    assert (narrowed.scopes, narrowed.removed) == ((READ,), (WRITE,))
    wire = Wire(web.http, web.issuer, first["access_token"])
    refused = await wire.request("tools/call", {"name": "submit_access_request", "arguments": {}})
    assert refused.status_code == 403, "tokens of before lose it too"
    assert (await flow.refresh(first["refresh_token"])).json()["scope"] == READ


async def test_a_form_that_names_no_scope_of_the_request_gives_nothing(web: Web) -> None:
    flow, browser = web.flow(), web.browser()
    await flow.register()
    browser.unticked = {f"allow:{READ}", f"allow:{WRITE}"}
    browser.extra = {f"allow:{ADMIN_WRITE}": "yes"}
    assert (await flow.answer(browser))["error"] == "access_denied"
    assert web.events(ConsentGiven, FamilyOpened) == []


async def test_less_than_was_given_is_not_asked_again(web: Web) -> None:
    flow, browser = web.flow(), web.browser()
    await flow.sign_in(browser)
    shown = len(browser.pages)
    assert (await flow.sign_in(browser, scope=READ))["scope"] == READ
    assert len(browser.pages) == shown
    assert len(web.events(ConsentGiven, ConsentWidened, ConsentNarrowed)) == 1


async def test_after_revoking_it_is_asked_again_and_every_token_is_dead(web: Web) -> None:
    flow, browser = web.flow(), web.browser()
    tokens = await flow.sign_in(browser)
    (given,) = web.events(ConsentGiven)
    await web.execute(RevokeConsent(given.consent_id))
    (ended,) = web.events(FamilyEnded)
    assert ended.reason is EndReason.CONSENT_REVOKED
    wire = Wire(web.http, web.issuer, tokens["access_token"])
    assert (await wire.request("tools/list")).status_code == 401
    assert (await flow.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    shown = len(browser.pages)
    await flow.sign_in(browser)
    assert len(browser.pages) == shown + 1


async def test_another_redirect_origin_is_asked_for_anew(web: Web) -> None:
    """MCP, Security Best Practices: "Per-Client Consent Storage"."""
    flow, browser = web.flow(), web.browser()
    other = "https://app.example/cb"
    await flow.register(redirect_uris=[REDIRECT, other])
    await flow.sign_in(browser)
    shown = len(browser.pages)
    await browser.visit(flow.authorization_url(redirect_uri=other))
    assert len(browser.pages) == shown + 1
    first, second = web.events(ConsentGiven)
    assert first.consent_id != second.consent_id


async def test_a_client_that_has_changed_is_asked_for_anew(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow, browser = web.flow(), web.browser()
    flow.client_id = CLAUDE
    await browser.visit(flow.authorization_url(redirect_uri=LOCAL))
    known = clients.PINNED[CLAUDE]
    moved = type(known)(known.serial, "Claude Code 2", known.redirect_uris)
    monkeypatch.setitem(clients.PINNED, CLAUDE, moved)
    await browser.visit(flow.authorization_url(redirect_uri=LOCAL))
    assert "Let “Claude Code 2” act for you?" in browser.pages[-1]
    first, second = web.events(ConsentGiven)
    assert first.client_digest != second.client_digest


async def test_a_shared_client_on_this_machine_takes_one_click_each_time(web: Web) -> None:
    """RFC 8252 §8.6: any program here can pass for it."""
    flow, browser = web.flow(), web.browser()
    flow.client_id = CLAUDE
    await browser.visit(flow.authorization_url(redirect_uri=LOCAL))
    await browser.visit(flow.authorization_url(redirect_uri=LOCAL))
    assert "Continue as Alice Example" in browser.pages[-1]
    landed = await browser.visit(flow.authorization_url(redirect_uri=LOCAL, prompt="none"))
    assert "error=consent_required" in landed
    assert len(web.events(ConsentGiven, ConsentWidened)) == 1


async def test_that_click_can_be_switched_off(system: System) -> None:
    async with web_with(system, continue_page=False) as (web, _):
        flow, browser = web.flow(), web.browser()
        flow.client_id = CLAUDE
        await browser.visit(flow.authorization_url(redirect_uri=LOCAL))
        shown = len(browser.pages)
        await browser.visit(flow.authorization_url(redirect_uri=LOCAL))
        assert len(browser.pages) == shown


async def test_a_client_registered_on_this_machine_alone_takes_no_click(web: Web) -> None:
    """Its id is this installation's own, so that its holder can be told from others."""
    flow, browser = web.flow(), web.browser()
    await flow.sign_in(browser)
    shown = len(browser.pages)
    await flow.sign_in(browser)
    assert len(browser.pages) == shown


async def test_a_no_is_never_remembered_and_never_a_yes(web: Web) -> None:
    flow, browser = web.flow(), web.browser()
    await flow.register()
    browser.decision = "deny"
    assert (await flow.answer(browser))["error"] == "access_denied"
    shown = len(browser.pages)
    browser.decision = "approve"
    assert "code" in await flow.answer(browser)
    assert len(browser.pages) == shown + 1


async def test_a_page_is_answered_once(web: Web) -> None:
    """RFC 9700 §4.7: the second click, or a replayed form, finds nothing."""
    flow, browser = web.flow(), web.browser()
    await flow.sign_in(browser)
    page = await browser.http.get(flow.authorization_url(prompt="consent"))
    assert (await browser.submit(page)).status_code == 303
    again = await browser.submit(page)
    assert (again.status_code, "location" in again.headers) == (403, False)


async def test_looking_at_the_page_again_changes_nothing(web: Web) -> None:
    """A prefetch or an extension may reload it."""
    flow, browser = web.flow(), web.browser()
    await flow.register()
    page = await browser.http.get(flow.authorization_url())
    await browser.submit(page)
    secret = page.text.split("continue?request=")[1].split('"')[0]
    for _ in range(3):
        seen = await browser.http.get(f"{web.issuer}/authorize/continue?request={secret}")
        assert seen.status_code == 200
    assert web.events(ConsentGiven, FamilyOpened) == []
    assert (await browser.submit(seen)).status_code == 303


async def test_several_open_pages_do_not_spoil_one_another(web: Web) -> None:
    """Two clients ask at once; the person signs in on one page, then uses the other."""
    one, two, browser = web.flow(), web.flow(), web.browser()
    await one.register()
    await two.register()
    first = await browser.http.get(one.authorization_url())
    second = await browser.http.get(two.authorization_url())
    signed_in = await browser.submit(second)
    assert signed_in.status_code == 303
    onward = await browser.submit(first)
    assert onward.status_code == 303, "he is signed in already, and goes on to decide"
    for answer in (signed_in, onward):
        consent = await browser.http.get(f"{web.issuer}{answer.headers['location']}")
        assert (await browser.submit(consent)).headers["location"].startswith(REDIRECT)


async def test_a_form_for_one_request_does_not_answer_another(web: Web) -> None:
    flow, browser = web.flow(), web.browser()
    await flow.sign_in(browser)
    pages = [
        await browser.http.get(flow.authorization_url(prompt="consent", scope=scope))
        for scope in (READ, f"{READ} {WRITE}")
    ]
    token = pages[0].text.split('name="csrf" value="')[1].split('"')[0]
    crossed = await browser.submit(pages[1], csrf=token)
    assert crossed.status_code == 403
    assert "nothing has been decided" in crossed.text
    assert (await browser.submit(crossed)).status_code == 303, "the page he sees now is good"


async def test_a_person_may_sign_in_as_somebody_else_on_the_way(web: Web) -> None:
    flow, browser = web.flow(), web.browser("alice")
    await flow.sign_in(browser)
    page = await browser.http.get(flow.authorization_url(prompt="consent"))
    link = page.text.split('<a href="')[1].split('"')[0].replace("&amp;", "&")
    browser.username = "bob"
    switched = await browser.submit(await browser.http.get(f"{web.issuer}{link}"))
    assert switched.status_code == 303
    seen = await browser.http.get(f"{web.issuer}{switched.headers['location']}")
    assert "Bob Example" in seen.text


async def test_a_request_waits_for_half_an_hour_and_no_longer(system: System) -> None:
    async with web_with(system) as (web, hands):
        flow, browser = web.flow(), web.browser()
        await flow.sign_in(browser)
        page = await browser.http.get(flow.authorization_url(prompt="consent"))
        hands.moved += timedelta(minutes=30)
        assert (await browser.submit(page)).status_code == 403


async def test_a_scope_that_the_role_does_not_carry_is_not_even_asked_for(web: Web) -> None:
    """Alice is no administrator: nothing of /mcp/admin can be given in her name."""
    flow = web.flow("/mcp/admin")
    await flow.register()
    browser = web.browser("alice")
    assert (await flow.answer(browser))["error"] == "access_denied"
    await web.execute(PutPerson(ALICE, replace(person(ALICE), roles=(Role.ADMINISTRATOR,))))
    tokens = await flow.sign_in(browser, scope=f"{ADMIN_READ} {ADMIN_WRITE} {READ}")
    assert tokens["scope"] == f"{ADMIN_READ} {ADMIN_WRITE}"
    assert "disconnect clients from any person" in browser.pages[-1]


async def test_an_auditor_can_say_who_acted_for_whom_at_any_moment(web: Web) -> None:
    """From the events alone: which consents stood after each position of the log."""
    flow, browser = web.flow(), web.browser()
    await flow.sign_in(browser, scope=READ)
    await flow.sign_in(browser)
    (given,) = web.events(ConsentGiven)
    await web.execute(RevokeConsent(given.consent_id))
    standing: dict[str, tuple[str, ...]] = {}
    history = []
    for one in web.system.store.events_after(0, 10_000):
        event = one.envelope.event
        if isinstance(event, ConsentGiven | ConsentWidened | ConsentNarrowed):
            standing[event.consent_id] = event.scopes
        elif isinstance(event, ConsentRevoked):
            standing.pop(event.consent_id)
        else:
            continue
        assert one.envelope.actor.subject in {ALICE, None}
        history.append(tuple(standing.values()))
    assert history == [((READ,),), ((READ, WRITE),), ()]
