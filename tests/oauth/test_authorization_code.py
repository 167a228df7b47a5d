"""The authorization code flow, from discovery to tokens, and every way to bend it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from domain.consent import ConsentGiven, ConsentWidened
from domain.token_family import CodeRedeemed, EndFamily, EndReason, FamilyEnded, FamilyOpened
from domain.values import FamilyId, Via
from server.oauth.token_rows import ACCESS_LIFE, CODE_LIFE
from server.operations import OPERATIONS
from server.wiring import SCHEMA, System
from tests.mcp.wire import Wire
from tests.oauth.flow import REDIRECT, challenge_of
from tests.seeds import ALICE, CONTEXT
from tests.web import Web, web_of, web_with

pytestmark = pytest.mark.anyio
READ, WRITE = "doorward:user:read", "doorward:user:write"
OAUTH_EVENTS = (ConsentGiven, ConsentWidened, FamilyOpened, CodeRedeemed, FamilyEnded)


def oauth_events(system: System) -> list[object]:
    """Return the events of consents and families, in order."""
    log = system.store.events_after(0, 10_000)
    return [one.envelope.event for one in log if isinstance(one.envelope.event, OAUTH_EVENTS)]


async def test_discovery_leads_from_the_resource_to_every_endpoint(web: Web) -> None:
    """RFC 9728 §3, RFC 8414 §3: at the root and with the resource's path."""
    for suffix in ("", "/mcp/user"):
        resource = await web.http.get(f"{web.issuer}/.well-known/oauth-protected-resource{suffix}")
        assert resource.json()["resource"] == f"{web.issuer}/mcp/user"
        assert resource.json()["authorization_servers"] == [web.issuer]
        for name in ("oauth-authorization-server", "openid-configuration"):
            metadata = (await web.http.get(f"{web.issuer}/.well-known/{name}{suffix}")).json()
            assert metadata["issuer"] == web.issuer
            assert metadata["code_challenge_methods_supported"] == ["S256"]
            assert metadata["authorization_response_iss_parameter_supported"] is True
            for endpoint in ("authorization", "token", "registration", "revocation"):
                assert metadata[f"{endpoint}_endpoint"].startswith(web.issuer)


async def test_metadata_may_be_read_by_a_browsers_program(web: Web) -> None:
    url = f"{web.issuer}/.well-known/oauth-authorization-server"
    answer = await web.http.get(url, headers={"origin": "https://inspector.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    page = await web.http.get(f"{web.issuer}/authorize", headers={"origin": "https://x.example"})
    assert "access-control-allow-origin" not in page.headers


async def test_a_sign_in_leaves_a_consent_a_family_and_a_redeemed_code(web: Web) -> None:
    flow = web.flow()
    tokens = await flow.sign_in(web.browser())
    given, opened, redeemed = oauth_events(web.system)
    assert isinstance(given, ConsentGiven)
    assert isinstance(opened, FamilyOpened)
    assert isinstance(redeemed, CodeRedeemed)
    assert (given.person, given.scopes) == (ALICE, (READ, WRITE))
    assert opened.consent_id == given.consent_id
    assert tokens["token_type"] == "Bearer"
    assert tokens["scope"] == f"{READ} {WRITE}"
    assert tokens["expires_in"] == ACCESS_LIFE.total_seconds()
    last = web.system.store.events_after(web.system.store.head() - 1, 1)[0].envelope.actor
    assert (last.via, last.subject, last.authorization) == (Via.HTTP, ALICE, given.consent_id)


async def test_the_answer_carries_state_and_issuer(web: Web) -> None:
    """RFC 6749 §4.1.2, RFC 9207 §2."""
    flow = web.flow()
    await flow.register()
    answer = await flow.answer(web.browser(), state="kept as it was: ☃&=")
    assert answer["state"] == "kept as it was: ☃&="
    assert answer["iss"] == web.issuer


async def test_a_code_is_used_once_however_many_try_at_once(web: Web) -> None:
    """RFC 6749 §4.1.2: a second use ends what came from the first."""
    flow = web.flow()
    await flow.register()
    code = (await flow.answer(web.browser()))["code"]
    answers = await asyncio.gather(*(flow.redeem(code) for _ in range(20)))
    good = [one.json() for one in answers if one.status_code == 200]
    assert len(good) == 1
    bad = [one.json()["error"] for one in answers if one.status_code != 200]
    assert bad == ["invalid_grant"] * 19
    ended = oauth_events(web.system)[-1]
    assert isinstance(ended, FamilyEnded)
    assert ended.reason is EndReason.CODE_REPLAYED
    wire = Wire(web.http, web.issuer, good[0]["access_token"])
    assert (await wire.request("tools/list")).status_code == 401


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": None}, "invalid_request"),
        ({"code": "dwc_forged"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:43212/other"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"client_id": "dw1.forged.signature"}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
    ],
)
async def test_a_bent_redemption_is_refused_and_spends_nothing(
    web: Web, changes: dict[str, str | None], error: str
) -> None:
    flow = web.flow()
    await flow.register()
    code = (await flow.answer(web.browser()))["code"]
    refused = await flow.redeem(code, **changes)
    assert refused.status_code in {400, 401}
    assert refused.json()["error"] == error
    assert refused.headers["cache-control"] == "no-store"
    assert (await flow.redeem(code)).status_code == 200


async def test_a_code_is_its_clients_own(web: Web) -> None:
    flow, thief = web.flow(), web.flow()
    await flow.register()
    await thief.register()
    code = (await flow.answer(web.browser()))["code"]
    stolen = await flow.redeem(code, client_id=thief.client_id)
    assert stolen.json()["error"] == "invalid_grant"
    assert (await flow.redeem(code)).status_code == 200


async def test_a_code_and_an_access_token_expire(system: System) -> None:
    moved = [timedelta()]
    clock = system.clock
    async with web_of(replace(system, clock=lambda: clock() + moved[0])) as web:
        flow = web.flow()
        await flow.register()
        browser = web.browser()
        code = (await flow.answer(browser))["code"]
        moved[0] = CODE_LIFE
        assert (await flow.redeem(code)).json()["error"] == "invalid_grant"
        tokens = await flow.sign_in(browser)
        wire = Wire(web.http, web.issuer, tokens["access_token"])
        assert await wire.tools()
        moved[0] += ACCESS_LIFE
        assert (await wire.request("tools/list")).status_code == 401
        assert (await flow.refresh(tokens["refresh_token"])).status_code == 200


async def test_consent_is_remembered_for_the_same_scopes_and_asked_again_for_more(
    web: Web,
) -> None:
    flow, browser = web.flow(), web.browser()
    await flow.sign_in(browser, scope=READ)
    shown = len(browser.pages)
    await flow.sign_in(browser, scope=READ)
    assert len(browser.pages) == shown
    await flow.sign_in(browser, scope=f"{READ} {WRITE}")
    assert len(browser.pages) == shown + 1
    assert "submit access requests" in browser.pages[-1]
    await flow.sign_in(browser, scope=READ, prompt="consent")
    assert len(browser.pages) == shown + 2
    given, widened = (
        one for one in oauth_events(web.system) if isinstance(one, ConsentGiven | ConsentWidened)
    )
    assert isinstance(given, ConsentGiven)
    assert isinstance(widened, ConsentWidened)
    assert widened.added == (WRITE,)


async def test_consent_is_each_persons_and_each_clients_own(web: Web) -> None:
    flow, other = web.flow(), web.flow()
    alice, bob = web.browser("alice"), web.browser("bob")
    await flow.sign_in(alice)
    await flow.sign_in(bob)
    assert len(bob.pages) == 2, "sign-in and consent"
    await other.sign_in(alice)
    assert len(alice.pages) == 3, "another client is asked for again"


async def test_a_person_who_says_no_leaves_no_trace_of_a_consent(web: Web) -> None:
    flow = web.flow()
    await flow.register()
    browser = web.browser()
    browser.decision = "deny"
    answer = await flow.answer(browser)
    assert answer["error"] == "access_denied"
    assert answer["iss"] == web.issuer
    assert oauth_events(web.system) == []


async def test_a_wrong_password_shows_the_form_again_and_says_nothing_more(web: Web) -> None:
    flow = web.flow()
    await flow.register()
    for name in ("alice", "no-such-person", "al\0ice", "ü" * 500):
        browser = web.browser(name)
        browser.password = "n0t-the-password"
        page = await browser.http.get(flow.authorization_url())
        again = await browser.submit(page)
        assert again.status_code == 401
        assert "Wrong user name or password." in again.text
        assert "n0t-the-password" not in again.text


async def test_a_form_from_elsewhere_is_not_taken(web: Web) -> None:
    """RFC 9700 §4.7: a token bound to the browser, and the Origin header where it is sent."""
    flow = web.flow()
    await flow.register()
    browser = web.browser()
    page = await browser.http.get(flow.authorization_url())
    assert (await browser.submit(page, csrf="forged")).status_code == 403
    stranger = web.browser()
    assert (await stranger.submit(page)).status_code == 403
    browser.http.headers["origin"] = "https://evil.example"
    assert (await browser.submit(page)).status_code == 403


async def test_signing_in_changes_the_sessions_secret(web: Web) -> None:
    """A secret planted before sign-in is worth nothing after it."""
    flow = web.flow()
    await flow.register()
    browser = web.browser()
    page = await browser.http.get(flow.authorization_url())
    before = browser.http.cookies["sid"]
    answer = await browser.submit(page)
    assert answer.status_code == 303
    assert browser.http.cookies["sid"] != before


async def test_behind_tls_the_cookie_is_for_this_host_and_no_script(system: System) -> None:
    """RFC 6265bis §4.1.3.2: nobody can plant it from a sibling's host."""
    async with web_with(system, public_url="https://doorward.example") as (web, _):
        flow = web.flow()
        await flow.register()
        page = await web.browser().http.get(flow.authorization_url())
        name, _, attributes = page.headers["set-cookie"].partition("=")
        assert name == "__Host-sid"
        for one in ("HttpOnly", "Secure", "Path=/", "SameSite=lax"):
            assert one in attributes
        assert "Domain" not in attributes


async def test_pages_cannot_be_framed_or_cached(web: Web) -> None:
    flow = web.flow()
    await flow.register()
    page = await web.browser().http.get(flow.authorization_url())
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"


async def test_names_of_clients_are_text_never_markup(web: Web) -> None:
    flow = web.flow()
    await flow.register(client_name="<script>alert(1)</script>\u202e")
    page = await web.browser().http.get(flow.authorization_url())
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "\u202e" not in page.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"prompt": "sing"}, "invalid_request"),
    ],
)
async def test_a_bent_request_is_told_to_the_client_by_redirect(
    web: Web, changes: dict[str, str | None], error: str
) -> None:
    flow = web.flow()
    await flow.register()
    answer = await flow.answer(web.browser(), **changes)
    assert (answer["error"], answer["state"], answer["iss"]) == (error, "a-state", web.issuer)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"client_id": None},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": REDIRECT + "/more"},
        {"redirect_uri": REDIRECT.replace("127.0.0.1", "127.0.0.2")},
        {"redirect_uri": "javascript:alert(1)"},
    ],
)
async def test_whoever_cannot_be_trusted_with_a_redirect_gets_a_page(
    web: Web, changes: dict[str, str | None]
) -> None:
    """RFC 6749 §4.1.2.1, RFC 9700 §4.11."""
    flow = web.flow()
    await flow.register()
    answer = await web.browser().http.get(flow.authorization_url(**changes))
    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_the_port_of_a_loopback_redirect_is_free(web: Web) -> None:
    """RFC 8252 §7.3."""
    flow = web.flow()
    await flow.register()
    moved = REDIRECT.replace("43212", "50999")
    landed = await web.browser().visit(flow.authorization_url(redirect_uri=moved))
    assert landed.startswith(moved)
    code = dict(parse_qsl(urlsplit(landed).query))["code"]
    assert (await flow.redeem(code, redirect_uri=moved)).status_code == 200


async def test_prompt_none_never_shows_a_page(web: Web) -> None:
    flow, browser = web.flow(), web.browser()
    await flow.register()
    answer = await flow.answer(browser, prompt="none")
    assert answer["error"] == "login_required"
    await flow.sign_in(browser, scope=READ)
    assert "code" in await flow.answer(browser, prompt="none", scope=READ)
    answer = await flow.answer(browser, prompt="none")
    assert answer["error"] == "consent_required"


async def test_a_family_that_is_ended_takes_its_access_tokens_along(web: Web) -> None:
    wire = await web.wire()
    opened = next(one for one in oauth_events(web.system) if isinstance(one, FamilyOpened))
    end = EndFamily(FamilyId(opened.family_id), EndReason.REVOKED_BY_PERSON)
    await web.system.bus.execute(end, CONTEXT)
    assert (await wire.request("tools/list")).status_code == 401


async def test_the_database_holds_no_usable_secret(web: Web) -> None:
    flow, browser = web.flow(), web.browser()
    await flow.register()
    code = (await flow.answer(browser))["code"]
    tokens = (await flow.redeem(code)).json()
    secrets = [
        code,
        tokens["access_token"],
        tokens["refresh_token"],
        browser.http.cookies["sid"],
        browser.password,
        flow.verifier,
    ]
    again = (await flow.refresh(tokens["refresh_token"])).json()
    told = OPERATIONS["resource-server add"](web.system, b'{"name":"rs"}', lambda _progress: None)
    secrets += [again["access_token"], again["refresh_token"], told["secret"]]
    tables = re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", "\n".join(SCHEMA))
    assert {"refresh_successor", "pending_sign_in", "resource_server"} <= set(tables)
    with web.system.store.read() as rows:
        tables.append("event_log")
        dump = "".join(repr(rows.select(f"SELECT * FROM {table}")) for table in tables)
    assert [secret for secret in secrets if secret in dump] == []
    assert challenge_of(flow.verifier) in dump, "the dump is of what happened"
