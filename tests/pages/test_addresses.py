"""Addresses at which there is nothing to read: a person in a browser gets a page, a program what it understands."""

from __future__ import annotations

import pytest

from adapters.open_store import MEMORY
from tests.inbox.visitor import Visitor
from tests.web import Web

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", [MEMORY])]
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PROGRAMS: tuple[dict[str, str], ...] = (
    {"accept": "*/*"},
    {"accept": "application/json"},
    {"accept": "application/json, text/event-stream"},
    {"accept": "text/html, text/event-stream"},
)


@pytest.mark.parametrize(
    "path", ["/nope", "/requests", "/admin/nope", "/catalog/nope", "/assets/"]
)
async def test_a_browser_is_told_in_a_page_and_a_program_in_a_word(web: Web, path: str) -> None:
    page = await web.http.get(f"{web.issuer}{path}", headers=BROWSER)
    assert page.status_code == 404
    assert "There is nothing here" in page.text
    assert 'href="/sign-in"' in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    for headers in PROGRAMS:
        answer = await web.http.get(f"{web.issuer}{path}", headers=headers)
        assert (answer.status_code, answer.text) == (404, "Not Found")
        assert answer.headers["content-type"].startswith("text/plain")


async def test_who_may_not_see_a_page_hears_what_he_hears_of_none(web: Web) -> None:
    alice = await Visitor(web, "alice").sign_in()
    alice.http.headers.update(BROWSER)
    hidden, unknown = await alice.get("/audit"), await alice.get("/audlt")
    assert (hidden.status_code, hidden.text) == (404, unknown.text)
    assert "Signed in as Alice Example" in hidden.text


async def test_what_only_takes_forms_says_so(web: Web) -> None:
    page = await web.http.get(f"{web.issuer}/sign-out", headers=BROWSER)
    assert (page.status_code, page.headers["allow"]) == (405, "POST")
    assert "There is nothing here" in page.text
    answer = await web.http.get(f"{web.issuer}/sign-out", headers=PROGRAMS[0])
    assert (answer.status_code, answer.text) == (405, "Method Not Allowed")


async def test_the_sign_in_has_an_address_of_its_own(web: Web) -> None:
    alice = await Visitor(web, "alice").sign_in("/inbox")
    answer = await alice.get("/sign-in")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    stranger = web.browser("alice")
    shown = await stranger.http.get(f"{web.issuer}/sign-in")
    led = await stranger.submit(shown)
    assert (led.status_code, led.headers["location"]) == (303, "/")


async def test_a_failed_sign_in_keeps_the_user_name_and_not_the_password(web: Web) -> None:
    browser = web.browser("alice")
    browser.password = "not-hers-<b>"
    again = await browser.submit(await browser.http.get(f"{web.issuer}/catalog"))
    assert again.status_code == 401
    assert "Wrong user name or password." in again.text
    assert 'name="username" value="alice"' in again.text
    assert "not-hers" not in again.text
    browser.username = '"><script>alert(1)</script>'
    again = await browser.submit(await browser.http.get(f"{web.issuer}/catalog"))
    assert "<script>" not in again.text


@pytest.mark.parametrize("path", ["/mcp/user", "/mcp/admin"])
async def test_an_address_for_clients_says_so_to_a_browser(web: Web, path: str) -> None:
    url = f"{web.issuer}{path}"
    page = await web.http.get(url, headers=BROWSER)
    assert "This address is for AI clients" in page.text
    assert f"claude mcp add --transport http doorward {url}" in page.text
    assert (page.status_code, page.headers["allow"]) == (405, "POST")
    for headers in PROGRAMS:
        answer = await web.http.get(url, headers=headers)
        assert (answer.status_code, answer.text) == (405, "Method Not Allowed")


async def test_a_browser_finds_the_picture_of_the_server(web: Web) -> None:
    page = await web.http.get(f"{web.issuer}/")
    assert '<link rel="icon" href="/icon.svg" type="image/svg+xml">' in page.text
    assert "img-src 'self'" in page.headers["content-security-policy"]
    old = await web.http.get(f"{web.issuer}/favicon.ico")
    assert (old.status_code, old.headers["location"]) == (308, "/icon.svg")
