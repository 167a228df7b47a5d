"""What tokens are good for, and what ends them."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.person import PutPerson, Role
from domain.token_family import (
    EndReason,
    FamilyEnded,
    FamilyOpened,
    RefreshTokenRotated,
)
from server.oauth.token_rows import ACCESS_LIFE, FAMILY_LIFE, REFRESH_IDLE_LIFE
from server.wiring import System
from tests.browser import FormBrowser
from tests.mcp.wire import Wire
from tests.oauth.flow import challenge_of
from tests.seeds import ALICE, person
from tests.web import Web, web_of, web_with

pytestmark = pytest.mark.anyio
READ, WRITE = "doorward:user:read", "doorward:user:write"


def wire_of(web: Web, tokens: dict[str, str], path: str = "/mcp/user") -> Wire:
    return Wire(web.http, web.issuer, tokens["access_token"], path=path)


async def test_a_wrong_verifier_burns_the_code(web: Web) -> None:
    """RFC 9700 §4.5: whoever has the code without its verifier stole it."""
    flow = web.flow()
    await flow.register()
    code = (await flow.answer(web.browser()))["code"]
    assert (await flow.redeem(code, code_verifier="x" * 43)).json()["error"] == "invalid_grant"
    assert (await flow.redeem(code)).json()["error"] == "invalid_grant"
    (ended,) = web.events(FamilyEnded)
    assert ended.reason is EndReason.VERIFIER_MISMATCH


async def test_twenty_uses_of_a_refresh_token_rotate_it_once(web: Web) -> None:
    """Exactly one wins; within the grace the others are told what the winner was (RFC 9700
    §4.14.2, and sessions of one client that share a token)."""
    flow = web.flow()
    first = await flow.sign_in(web.browser())
    answers = await asyncio.gather(*(flow.refresh(first["refresh_token"]) for _ in range(20)))
    assert {one.status_code for one in answers} == {200}
    assert len({one.json()["refresh_token"] for one in answers}) == 1
    assert len(web.events(RefreshTokenRotated)) == 1
    for one in answers:
        assert await wire_of(web, one.json()).tools()


async def test_without_a_grace_one_of_twenty_wins_and_the_family_dies(system: System) -> None:
    """The strict reading of RFC 9700 §4.14.2, for who wants it."""
    async with web_with(system, refresh_grace=timedelta()) as (web, _):
        flow = web.flow()
        first = await flow.sign_in(web.browser())
        answers = await asyncio.gather(*(flow.refresh(first["refresh_token"]) for _ in range(20)))
        won = [one.json() for one in answers if one.status_code == 200]
        assert len(won) == 1
        assert (await flow.refresh(won[0]["refresh_token"])).json()["error"] == "invalid_grant"
        (ended,) = web.events(FamilyEnded)
        assert ended.reason is EndReason.REFRESH_TOKEN_REPLAYED


async def test_within_the_grace_a_rotated_token_leads_to_the_newest(system: System) -> None:
    async with web_with(system) as (web, hands):
        flow = web.flow()
        first = await flow.sign_in(web.browser())
        second = (await flow.refresh(first["refresh_token"])).json()
        third = (await flow.refresh(second["refresh_token"])).json()
        late = (await flow.refresh(first["refresh_token"])).json()
        assert late["refresh_token"] == third["refresh_token"]
        hands.moved += timedelta(minutes=5)
        assert (await flow.refresh(late["refresh_token"])).status_code == 200


async def test_a_replay_after_the_grace_is_an_event_and_is_shown_to_the_person(
    system: System,
) -> None:
    async with web_with(system) as (web, hands):
        flow, browser = web.flow(), web.browser()
        first = await flow.sign_in(browser)
        second = (await flow.refresh(first["refresh_token"])).json()
        hands.moved += timedelta(seconds=31)
        assert (await flow.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"
        assert (await wire_of(web, second).request("tools/list")).status_code == 401
        page = await browser.http.get(f"{web.issuer}/connections")
        assert "used twice, as a thief would" in page.text


async def test_another_clients_try_rotates_nothing_and_ends_nothing(web: Web) -> None:
    flow, thief = web.flow(), web.flow()
    first = await flow.sign_in(web.browser())
    await thief.register()
    assert (await thief.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"
    assert web.events(RefreshTokenRotated, FamilyEnded) == []


async def test_scopes_narrow_to_the_role_at_each_refresh_and_widen_with_it_again(
    web: Web,
) -> None:
    flow = web.flow("/mcp/admin")
    tokens = await flow.sign_in(await administrator(web), scope="doorward:admin:people:read")
    await web.execute(PutPerson(ALICE, person(ALICE)))
    refused = await flow.refresh(tokens["refresh_token"])
    assert refused.json()["error"] == "invalid_grant"
    await administrator(web)
    assert (await flow.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_disabled_persons_tokens_die_on_the_next_call_and_for_good(web: Web) -> None:
    """RFC 7009 §2 in spirit: no waiting for an expiry."""
    flow, browser = web.flow(), web.browser()
    tokens = await flow.sign_in(browser)
    wire = wire_of(web, tokens)
    assert await wire.tools()
    await web.execute(PutPerson(ALICE, person(ALICE, disabled=True)))
    assert (await wire.request("tools/list")).status_code == 401
    assert (await flow.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    page = await browser.http.get(flow.authorization_url())
    assert 'name="password"' in page.text, "his session is over too"
    await web.execute(PutPerson(ALICE, person(ALICE)))
    assert (await wire.request("tools/list")).status_code == 401
    (ended,) = web.events(FamilyEnded)
    assert ended.reason is EndReason.PERSON_DISABLED


async def test_a_token_is_good_for_its_own_resource_alone(web: Web) -> None:
    """RFC 8707 §2; MCP, "Token Handling": the audience must be this server."""
    browser = await administrator(web)
    user, admin = web.flow(), web.flow("/mcp/admin")
    users, admins = await user.sign_in(browser), await admin.sign_in(browser)
    assert await wire_of(web, users).tools()
    assert await wire_of(web, admins, "/mcp/admin").tools()
    for tokens, path in ((users, "/mcp/admin"), (admins, "/mcp/user")):
        answer = await wire_of(web, tokens, path).request("tools/list")
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    "named",
    [None, "{issuer}", "{issuer}/", "{issuer}/mcp/user/", "HTTP://127.0.0.1:8000/mcp/user"],
)
async def test_the_users_resource_is_meant_by_all_its_spellings(
    web: Web, named: str | None
) -> None:
    """RFC 3986 §6.2.2; clients leave it out, add a slash, or name the origin alone."""
    flow = web.flow()
    await flow.register()
    resource = None if named is None else named.format(issuer=web.issuer)
    code = (await flow.answer(web.browser(), resource=resource))["code"]
    spelt = None if named is None or named == "{issuer}" else resource
    answer = await flow.redeem(code, resource=None if named == "{issuer}/" else spelt)
    assert answer.status_code == 200
    assert await wire_of(web, answer.json()).tools()


async def test_a_refresh_cannot_change_the_resource(web: Web) -> None:
    """RFC 8707 §2.2."""
    flow = web.flow()
    tokens = await flow.sign_in(web.browser())
    moved = await flow.refresh(tokens["refresh_token"], resource=f"{web.issuer}/mcp/admin")
    assert moved.json()["error"] == "invalid_target"


async def test_foreign_scopes_are_dropped_and_the_answer_says_what_was_given(web: Web) -> None:
    """RFC 6749 §3.3, §5.1; offline_access is a habit of clients, and advertised nowhere."""
    flow, browser = web.flow(), web.browser()
    tokens = await flow.sign_in(browser, scope=f"openid offline_access {READ}")
    assert tokens["scope"] == READ
    assert "refresh_token" in tokens
    assert (await flow.sign_in(browser, scope="offline_access"))["scope"] == f"{READ} {WRITE}"
    for path in ("oauth-authorization-server", "oauth-protected-resource"):
        metadata = await web.http.get(f"{web.issuer}/.well-known/{path}")
        assert "offline_access" not in metadata.text


async def test_a_client_that_registered_without_refresh_gets_none(web: Web) -> None:
    flow = web.flow()
    await flow.register(grant_types=["authorization_code"])
    assert "refresh_token" not in await flow.sign_in(web.browser())


async def test_a_bearer_token_is_taken_from_the_header_alone(web: Web) -> None:
    """RFC 6750 §2.3, OAuth 2.1 §5: never from a query or a form."""
    flow = web.flow()
    token = (await flow.sign_in(web.browser()))["access_token"]
    url = f"{web.issuer}/mcp/user?access_token={token}"
    assert (await web.http.post(url, json={})).status_code == 401
    form = await web.http.post(f"{web.issuer}/mcp/user", data={"access_token": token})
    assert form.status_code == 401


@pytest.mark.parametrize(
    "token",
    [
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.",
        "dwa_",
        "dwa_" + "x" * 100_000,
        "dwr_x",
        "null",
        "\x7f",
    ],
)
async def test_whatever_is_no_token_of_ours_is_invalid(web: Web, token: str) -> None:
    """A JWT without a signature is as good as a random text."""
    answer = await Wire(web.http, web.issuer, token).request("tools/list")
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_tokens_live_as_long_as_they_should(system: System) -> None:
    """Access for half an hour; a refresh token for 30 idle days; nothing beyond 90 days."""
    async with web_with(system) as (web, hands):
        flow, browser = web.flow(), web.browser()
        tokens = await flow.sign_in(browser)
        hands.moved += ACCESS_LIFE
        assert (await wire_of(web, tokens).request("tools/list")).status_code == 401
        for _ in range(FAMILY_LIFE // (REFRESH_IDLE_LIFE - timedelta(days=1))):
            hands.moved += REFRESH_IDLE_LIFE - timedelta(days=1)
            tokens = (await flow.refresh(tokens["refresh_token"])).json()
        hands.moved += timedelta(days=4)
        assert (await flow.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
        fresh = await flow.sign_in(browser)
        hands.moved += REFRESH_IDLE_LIFE
        assert (await flow.refresh(fresh["refresh_token"])).json()["error"] == "invalid_grant"


async def test_no_secret_is_in_a_log_at_any_level(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    """Authlib would write whole tokens at DEBUG."""
    caplog.set_level(logging.DEBUG)
    flow, browser = web.flow(), web.browser()
    await flow.register()
    code = (await flow.answer(browser))["code"]
    tokens = (await flow.redeem(code)).json()
    after = (await flow.refresh(tokens["refresh_token"])).json()
    await wire_of(web, after).tools()
    await flow.refresh(tokens["refresh_token"] + "x")
    secrets = [
        code,
        tokens["access_token"],
        tokens["refresh_token"],
        after["access_token"],
        after["refresh_token"],
        browser.password,
        browser.http.cookies["sid"],
        flow.verifier,
    ]
    ours = [one for one in caplog.records if not one.name.startswith(("httpx", "httpcore"))]
    said = "\n".join(one.getMessage() + repr(one.args) for one in ours)
    assert [secret for secret in secrets if secret in said] == []
    assert logging.getLogger("authlib").getEffectiveLevel() >= logging.INFO


async def test_what_the_database_holds_opens_nothing(web: Web) -> None:
    """Also the successor that lies sealed while the grace lasts."""
    flow = web.flow()
    first = await flow.sign_in(web.browser())
    second = (await flow.refresh(first["refresh_token"])).json()
    with web.system.store.read() as rows:
        dump = repr(rows.select("SELECT * FROM refresh_successor"))
    assert "sealed" not in dump
    assert len(dump) > 100
    for secret in (first["refresh_token"], second["refresh_token"]):
        assert secret not in dump


async def test_a_family_keeps_the_consent_it_grew_from(web: Web) -> None:
    flow = web.flow()
    await flow.sign_in(web.browser())
    (opened,) = web.events(FamilyOpened)
    assert (opened.person, opened.client.client_id) == (ALICE, flow.client_id)
    assert challenge_of(flow.verifier) not in repr(opened)


async def test_a_restarted_server_goes_on_with_codes_and_sessions(system: System) -> None:
    """All of it is in the store: a second server over it knows what the first gave out."""
    async with web_of(system) as web:
        flow = web.flow()
        await flow.register()
        code = (await flow.answer(web.browser()))["code"]
    async with web_of(system) as again:
        flow.http = again.http
        assert (await flow.redeem(code)).status_code == 200


async def administrator(web: Web) -> FormBrowser:
    """Make alice an administrator; return her browser."""
    roles = (Role.ADMINISTRATOR, Role.EMPLOYEE)
    await web.execute(PutPerson(ALICE, replace(person(ALICE), roles=roles)))
    return web.browser()
