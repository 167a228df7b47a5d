"""The pages of connected clients and the administrators' tools: who acts for whom, and the end of
it."""

from __future__ import annotations

from dataclasses import replace
from html import unescape

import pytest

from domain.consent import ConsentRevoked
from domain.person import PutPerson, Role
from domain.values import Via
from server.long_ids import shortened
from server.oauth.resources import ADMIN, TOOLSETS
from tests.browser import FormBrowser
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.seeds import BOB, person
from tests.web import Web

pytestmark = pytest.mark.anyio
READ, WRITE = "doorward:admin:people:read", "doorward:admin:people:write"


async def signed_in(web: Web, username: str, path: str = "/connections") -> FormBrowser:
    """Sign in to the page itself, without any client."""
    browser = web.browser(username)
    page = await browser.http.get(f"{web.issuer}{path}")
    assert "Sign in to see which AI clients are connected" in page.text
    assert (await browser.submit(page)).headers["location"] == path
    return browser


async def make_administrator(web: Web) -> None:
    roles = (Role.ADMINISTRATOR, Role.EMPLOYEE)
    await web.execute(PutPerson(BOB, replace(person(BOB), roles=roles)))


async def test_a_person_sees_what_is_connected_since_when_and_last_used(web: Web) -> None:
    flow = web.flow()
    await flow.register(client_name="Acme Helper")
    tokens = await flow.sign_in(web.browser())
    browser = await signed_in(web, "alice")
    unused = await browser.http.get(f"{web.issuer}/connections")
    assert "Acme Helper" in unused.text
    assert "<dd>never</dd>" in unused.text
    await Wire(web.http, web.issuer, tokens["access_token"]).tools()
    used = await browser.http.get(f"{web.issuer}/connections")
    assert "<dd>never</dd>" not in used.text
    assert "1 session" in used.text


async def test_what_a_client_may_do_is_a_list_and_clients_of_one_name_are_told_apart(
    web: Web,
) -> None:
    flows = [web.flow(), web.flow()]
    for flow in flows:
        await flow.register(client_name="client.py")
        await flow.sign_in(web.browser())
    browser = await signed_in(web, "alice")
    page = (await browser.http.get(f"{web.issuer}/connections")).text
    assert "<li>search the catalog and read your access requests</li>" in page
    assert len({shortened(flow.client_id) for flow in flows}) == 2
    for flow in flows:
        assert f"<code>{shortened(flow.client_id)}</code>" in page
        assert f"<code>{flow.client_id}</code>" in page


async def test_an_administrator_reads_of_another_persons_client_whose_requests_it_reads(
    web: Web,
) -> None:
    await web.flow().sign_in(web.browser("alice"))
    await make_administrator(web)
    bob = await signed_in(web, "bob", "/admin/connections")
    page = unescape((await bob.http.get(f"{web.issuer}/admin/connections")).text)
    assert "<li>search the catalog and read that person's access requests</li>" in page
    assert "your" not in page.split("<main")[1].split("</main>")[0]


async def test_disconnecting_ends_consent_and_tokens_at_once(web: Web) -> None:
    flow, other = web.flow(), web.flow()
    tokens, others = await flow.sign_in(web.browser()), await other.sign_in(web.browser("bob"))
    browser = await signed_in(web, "alice")
    page = await browser.http.get(f"{web.issuer}/connections")
    done = await browser.submit(page)
    assert done.headers["location"] == "/connections?done=1"
    wire = Wire(web.http, web.issuer, tokens["access_token"])
    assert (await wire.request("tools/list")).status_code == 401
    assert await Wire(web.http, web.issuer, others["access_token"]).tools()
    after = await browser.http.get(f"{web.issuer}/connections?done=1")
    assert "No AI client is connected" in after.text
    assert len(web.events(ConsentRevoked)) == 1


async def test_nobody_disconnects_for_another_or_by_a_forged_form(web: Web) -> None:
    tokens = await web.flow().sign_in(web.browser("alice"))
    alice = await signed_in(web, "alice")
    page = await alice.http.get(f"{web.issuer}/connections")
    bob = await signed_in(web, "bob")
    for browser in (bob, web.browser("bob")):
        assert (await browser.submit(page)).status_code == 403
    assert (await alice.submit(page, csrf="forged")).status_code == 403
    alice.http.headers["origin"] = "https://evil.example"
    assert (await alice.submit(page)).status_code == 403
    assert await Wire(web.http, web.issuer, tokens["access_token"]).tools()


async def test_administrators_see_and_end_everybodys_and_nobody_else_does(web: Web) -> None:
    tokens = await web.flow().sign_in(web.browser("alice"))
    bob = await signed_in(web, "bob", "/admin/connections")
    assert (await bob.http.get(f"{web.issuer}/admin/connections")).status_code == 403
    await make_administrator(web)
    page = await bob.http.get(f"{web.issuer}/admin/connections")
    assert "Alice Example" in page.text
    assert (await bob.submit(page)).status_code == 303
    wire = Wire(web.http, web.issuer, tokens["access_token"])
    assert (await wire.request("tools/list")).status_code == 401
    revoked = web.system.store.events_after(web.system.store.head() - 2, 1)[0].envelope
    assert (revoked.actor.subject, revoked.actor.via) == (BOB, Via.WEB)


async def test_signing_out_ends_the_session_and_no_client(web: Web) -> None:
    tokens = await web.flow().sign_in(web.browser("alice"))
    browser = await signed_in(web, "alice")
    page = await browser.http.get(f"{web.issuer}/connections")
    form = page.text.split('action="/sign-out"')[1].split('name="csrf" value="')[1].split('"')[0]
    left = await browser.http.post(f"{web.issuer}/sign-out", data={"csrf": form})
    assert "You are signed out" in left.text
    again = await browser.http.get(f"{web.issuer}/connections")
    assert 'name="password"' in again.text
    assert await Wire(web.http, web.issuer, tokens["access_token"]).tools()


@pytest.mark.parametrize("page", ["0", "-1", "x", "1e9", "99999999999999999999", "٣", ""])
async def test_a_page_that_is_none_is_the_first(web: Web, page: str) -> None:
    await web.flow().sign_in(web.browser("alice"))
    browser = await signed_in(web, "alice")
    shown = await browser.http.get(f"{web.issuer}/connections", params={"page": page})
    assert "Test client" in shown.text


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_an_administrators_client_lists_and_disconnects(web: Web, era: str) -> None:
    tokens = await web.flow().sign_in(web.browser("alice"))
    await make_administrator(web)
    flow = web.flow("/mcp/admin")
    granted = await flow.sign_in(web.browser("bob"), scope=f"{READ} {WRITE}")
    wire = Wire(web.http, web.issuer, granted["access_token"], era, "/mcp/admin")
    assert {"list_connected_clients", "disconnect_client"} <= set(await wire.tools())
    listed = await wire.ask("list_connected_clients", person="alice")
    (one,) = listed["items"]
    assert (one["person_id"], one["sessions"]) == ("p-alice", 1)
    confirm = "Test client of alice"
    ended = await wire.ask("disconnect_client", connection_id=one["id"], confirm=confirm)
    assert ended["outcome"] == "changed"
    user = Wire(web.http, web.issuer, tokens["access_token"])
    assert (await user.request("tools/list")).status_code == 401
    assert "unknown_connection" in await wire.refused("disconnect_client", connection_id=one["id"])
    assert "nothing_there" in await wire.refused("list_connected_clients", person="nobody")


async def test_an_administrators_client_asks_for_reading_first_and_steps_up(web: Web) -> None:
    """RFC 6750 §3.1, MCP Authorization: the challenge names the least that is useful."""
    bare = await Wire(web.http, web.issuer, None, path="/mcp/admin").request("tools/list")
    reading = " ".join(one.read for one in TOOLSETS.values())
    assert f'scope="{reading}"' in bare.headers["www-authenticate"]
    assert "/.well-known/oauth-protected-resource/mcp/admin" in bare.headers["www-authenticate"]
    await make_administrator(web)
    flow = web.flow("/mcp/admin")
    granted = await flow.sign_in(web.browser("bob"))
    assert granted["scope"] == reading
    wire = Wire(web.http, web.issuer, granted["access_token"], path="/mcp/admin")
    refused = await wire.request(
        "tools/call", {"name": "disconnect_client", "arguments": {"connection_id": "x"}}
    )
    assert refused.status_code == 403
    asked = " ".join(one for one in ADMIN.scopes if one == WRITE or one in reading.split())
    assert f'scope="{asked}"' in refused.headers["www-authenticate"]
