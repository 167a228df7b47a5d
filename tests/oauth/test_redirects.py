"""Where a person may be sent, and who may send him there."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from server.oauth.redirect_uris import acceptable, matches
from server.wiring import System
from tests.oauth.flow import REDIRECT
from tests.web import Web, web_with

pytestmark = pytest.mark.anyio
READ = "doorward:user:read"
ELSEWHERE = "https://phish.example/cb"


@pytest.fixture
def database_url() -> str:
    """One database: the rules stand before it."""
    return "sqlite:///:memory:"


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/cb",
        "http://localhost/cb",
        "http://127.0.0.1:5000/cb",
        "http://127.9.9.9/cb",
        "http://[::1]/cb",
        "cursor://anysphere.cursor-retrieval/oauth/user-doorward/callback",
        "com.example.app:/cb",
        "vscode://vscode.github-authentication/did-authenticate",
    ],
)
def test_https_loopback_and_private_schemes_may_be_registered(uri: str) -> None:
    """RFC 8252 §7: private-use schemes, also without an authority (Cursor would fail whole)."""
    assert acceptable(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "javascript://x/%0aalert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "vbscript:x",
        "http://evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1:1234@evil.example/",
        "https://user@app.example/cb",
        "https://app.example/cb#fragment",
        "https://app.example/cb#",
        "https:///cb",
        "//app.example/cb",
        "/cb",
        "https://app.example/\n",
        'https://app.example/"',
        "https://app.example/\\",
        "https://[::1",
        "https://app.example:port/",
        "https://äpp.example/",
        "",
        "x" * 3_000,
    ],
)
def test_nothing_else_may_be_registered(uri: str) -> None:
    """RFC 7591 §5, RFC 9700 §4.1.1."""
    assert not acceptable(uri)


@pytest.mark.parametrize(
    ("asked", "registered", "same"),
    [
        ("http://127.0.0.1:5/cb", "http://127.0.0.1/cb", True),
        ("http://localhost:5/cb", "http://localhost:9/cb", True),
        ("http://[::1]:5/cb", "http://[::1]/cb", True),
        ("http://localhost:5/cb", "http://127.0.0.1/cb", False),
        ("http://127.0.0.1:5/other", "http://127.0.0.1/cb", False),
        ("http://127.0.0.1:5/cb?x=1", "http://127.0.0.1/cb", False),
        ("https://app.example:5/cb", "https://app.example/cb", False),
        ("https://app.example/cb/", "https://app.example/cb", False),
        ("https://APP.example/cb", "https://app.example/cb", False),
        ("cursor://x/cb2", "cursor://x/cb", False),
    ],
)
def test_all_but_the_port_of_a_loopback_redirect_is_compared_exactly(
    asked: str, registered: str, *, same: bool
) -> None:
    """RFC 8252 §7.3; the name localhost too, which Claude Code registers without a port."""
    assert matches(asked, (registered,)) is same


async def test_nobody_who_is_not_signed_in_is_bounced_to_an_unknown_clients_site(web: Web) -> None:
    """RFC 9700 §4.11.2: an attacker registers a phishing site and links to a faulty request."""
    flow = web.flow()
    await flow.register(redirect_uris=[ELSEWHERE])
    for changes in ({"scope": "nope"}, {"prompt": "none"}, {"response_type": "token"}):
        url = flow.authorization_url(redirect_uri=ELSEWHERE, **changes)
        page = await web.browser().http.get(url)
        assert "location" not in page.headers, changes
        assert page.status_code in {200, 400}


async def test_a_faulty_request_of_an_unknown_site_gets_a_link_and_no_redirect(web: Web) -> None:
    """RFC 9700 §4.11.2, for a person whose session still lasts."""
    flow, browser = web.flow(), web.browser()
    await flow.sign_in(browser)
    stranger = web.flow()
    await stranger.register(redirect_uris=[ELSEWHERE])
    url = stranger.authorization_url(redirect_uri=ELSEWHERE, scope="nope")
    page = await browser.http.get(url)
    assert (page.status_code, "location" in page.headers) == (400, False)
    assert f'href="{ELSEWHERE}?error=invalid_scope' in page.text
    assert "Return to phish.example" in page.text


async def test_a_client_that_the_person_has_let_in_hears_its_error_by_redirect(web: Web) -> None:
    flow, browser = web.flow(), web.browser()
    await flow.register(redirect_uris=[ELSEWHERE])
    await browser.visit(flow.authorization_url(redirect_uri=ELSEWHERE))
    landed = await browser.visit(flow.authorization_url(redirect_uri=ELSEWHERE, scope="nope"))
    assert landed.startswith(f"{ELSEWHERE}?error=invalid_scope")


@pytest.mark.parametrize(
    "name", ["response_type", "scope", "state", "code_challenge", "code_challenge_method"]
)
async def test_no_parameter_may_come_twice(web: Web, name: str) -> None:
    """RFC 6749 §3.1."""
    flow = web.flow()
    await flow.register()
    url = flow.authorization_url(scope=READ)
    again = dict(parse_qsl(urlsplit(url).query))[name]
    landed = await web.browser().visit(f"{url}&{name}={again}")
    assert parse_qs(urlsplit(landed).query)["error"] == ["invalid_request"]


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
async def test_two_clients_or_two_redirects_are_never_redirected(web: Web, name: str) -> None:
    """RFC 6749 §3.1, §4.1.2.1."""
    flow = web.flow()
    await flow.register()
    answer = await web.browser().http.get(f"{flow.authorization_url()}&{name}=x")
    assert (answer.status_code, "location" in answer.headers) == (400, False)


async def test_the_issuer_in_an_answer_is_ours_whatever_the_redirect_says(web: Web) -> None:
    """RFC 9207 §2.3: an ``iss`` in the registered query would contradict ours."""
    flow = web.flow()
    uri = f"{REDIRECT}?iss=https://evil.example&keep=1"
    await flow.register(redirect_uris=[uri])
    for decision in ("approve", "deny"):
        browser = web.browser()
        browser.decision = decision
        landed = await browser.visit(flow.authorization_url(redirect_uri=uri))
        query = parse_qs(urlsplit(landed).query)
        assert query["iss"] == [web.issuer]
        assert query["keep"] == ["1"]


async def test_every_answer_to_a_form_is_a_see_other(web: Web) -> None:
    """RFC 9700 §4.12: a 307 would send the password on."""
    flow, browser = web.flow(), web.browser()
    await flow.register()
    page = await browser.http.get(flow.authorization_url())
    signed_in = await browser.submit(page)
    assert signed_in.status_code == 303
    consent = await browser.http.get(f"{web.issuer}{signed_in.headers['location']}")
    assert (await browser.submit(consent)).status_code == 303


@pytest.mark.parametrize("path", ["/authorize", "/sign-in", "/consent", "/connections"])
async def test_no_page_answers_cross_origin_requests(web: Web, path: str) -> None:
    """RFC 9700 §2.6."""
    for method in ("GET", "OPTIONS", "POST"):
        answer = await web.http.request(
            method,
            f"{web.issuer}{path}",
            headers={"origin": "https://x.example", "access-control-request-method": "POST"},
        )
        assert "access-control-allow-origin" not in answer.headers


async def test_a_forgotten_client_is_told_how_to_be_known_again(web: Web) -> None:
    """A client id from before a reset: nothing to redirect to, so the page says what to do."""
    flow = web.flow()
    flow.client_id = "dw1.e30.forged"
    page = await web.browser().http.get(flow.authorization_url())
    assert page.status_code == 400
    assert "add it again" in page.text
    assert (await flow.redeem("dwc_x")).json()["error"] == "invalid_client"


async def test_prompt_login_takes_a_new_sign_in_and_no_shortcut(system: System) -> None:
    """OpenID Connect Core §3.1.2.1: by what the server remembers, not by what the browser says."""
    async with web_with(system) as (web, hands):
        flow, browser = web.flow(), web.browser()
        await flow.sign_in(browser)
        hands.moved += timedelta(minutes=1)
        page = await browser.http.get(flow.authorization_url(prompt="login"))
        assert 'name="password"' in page.text
        secret = page.text.split("continue?request=")[1].split('"')[0]
        skipped = await browser.http.get(f"{web.issuer}/authorize/continue?request={secret}")
        assert 'name="password"' in skipped.text
        assert (await browser.submit(page)).status_code == 303
        landed = await browser.visit(f"{web.issuer}/authorize/continue?request={secret}")
        assert "code=" in landed


@pytest.mark.parametrize("prompt", ["none login", "sing", "none none"])
async def test_an_impossible_prompt_is_refused(web: Web, prompt: str) -> None:
    flow = web.flow()
    await flow.register()
    answer = await flow.answer(web.browser(), prompt=prompt)
    assert answer["error"] == "invalid_request"


async def test_the_codes_redirect_takes_no_foreign_lead(web: Web) -> None:
    """A sign-in leads on to our own pages alone, whatever its form says."""
    flow, browser = web.flow(), web.browser()
    await flow.register()
    page = await browser.http.get(flow.authorization_url())
    for then in ("https://evil.example/", "//evil.example", "/authorize/continue?request=x", ""):
        answer = await browser.submit(page, then=then)
        assert (answer.status_code, "location" in answer.headers) == (403, False)
