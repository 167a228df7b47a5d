"""What Authlib does that would hurt if it reached anybody: one test for each trap."""

from __future__ import annotations

import logging
from urllib.parse import quote

import pytest

from domain.token_family import FamilyOpened
from server.oauth.token_rows import ACCESS_LIFE
from tests.web import Web

pytestmark = pytest.mark.anyio
READ = "doorward:user:read"


@pytest.fixture
def database_url() -> str:
    """One database: the traps are in the library."""
    return "sqlite:///:memory:"


@pytest.mark.parametrize("text", ['"', "\\", "ü", "\0", "\r\n", "\ud800"])
@pytest.mark.parametrize("name", ["redirect_uri", "response_type", "scope", "state", "resource"])
async def test_a_character_that_no_error_may_hold_is_no_fault_of_ours(
    web: Web, name: str, text: str
) -> None:
    """`OAuth2Error` raises ValueError for what RFC 6749 §5.2 forbids in a description."""
    flow = web.flow()
    await flow.register()
    value = quote(text, errors="surrogatepass")
    answer = await web.http.get(f"{flow.authorization_url(**{name: None})}&{name}={value}")
    assert answer.status_code in {200, 400}
    token = await web.http.post(f"{web.issuer}/token", content=f"{name}={value}&grant_type=x")
    assert token.status_code in {400, 401}


@pytest.mark.parametrize("header", ["Basic /w==", "Basic", "Basic =", "Basic Og==", "basic \xff"])
@pytest.mark.parametrize("path", ["/token", "/revoke", "/introspect"])
async def test_basic_credentials_of_any_bytes_are_refused(
    web: Web, header: str, path: str
) -> None:
    """Authlib decodes them as UTF-8 and lets the error through."""
    headers = [(b"authorization", header.encode("latin-1"))]
    form = b"grant_type=refresh_token&token=x&refresh_token=x"
    answer = await web.http.post(f"{web.issuer}{path}", content=form, headers=headers)
    assert answer.status_code in {400, 401}
    assert answer.json()["error"] in {"invalid_client", "invalid_request"}


@pytest.mark.parametrize("value", [7, None, [], {}, True, ["a"], 1.5])
@pytest.mark.parametrize(
    "name", ["client_name", "redirect_uris", "grant_types", "response_types", "scope", "jwks"]
)
async def test_metadata_of_any_type_is_answered(web: Web, name: str, value: object) -> None:
    """Authlib's own claims would meet them unchecked."""
    answer = await web.flow().register(**{name: value})
    assert answer.status_code in {201, 400}
    assert None not in answer.json().values()


async def test_an_access_token_lives_as_long_as_we_say(web: Web) -> None:
    """Authlib's default for this grant is ten days."""
    tokens = await web.flow().sign_in(web.browser())
    assert tokens["expires_in"] == ACCESS_LIFE.total_seconds() <= 3_600


async def test_a_public_client_is_given_no_secret_not_even_an_empty_one(web: Web) -> None:
    """Authlib makes one for every client; some clients choke on a null."""
    public = (await web.flow().register()).json()
    assert "client_secret" not in public
    secret = (await web.flow().register(token_endpoint_auth_method="client_secret_basic")).json()
    assert secret["client_secret_expires_at"] == 0
    assert len(secret["client_secret"]) >= 43


async def test_what_was_approved_is_what_is_issued(web: Web) -> None:
    """Authlib validates again when it issues, and would put the asked scopes back."""
    flow, browser = web.flow(), web.browser()
    await flow.register()
    browser.unticked = {"allow:doorward:user:write"}
    assert (await flow.sign_in(browser))["scope"] == READ
    (opened,) = web.events(FamilyOpened)
    assert opened.scopes == (READ,)


def test_it_cannot_be_made_to_log_tokens() -> None:
    """At DEBUG it writes whole access and refresh tokens."""
    assert not logging.getLogger("authlib.oauth2.rfc6749").isEnabledFor(logging.DEBUG)


async def test_plain_challenges_and_verifiers_without_one_are_refused(web: Web) -> None:
    """RFC 9700 §2.1.1: its default method is ``plain``, and none is asked for at all."""
    flow = web.flow()
    await flow.register()
    plain = await flow.answer(web.browser(), code_challenge_method="plain")
    assert plain["error"] == "invalid_request"
    code = (await flow.answer(web.browser()))["code"]
    assert (await flow.redeem(code, code_verifier=None)).json()["error"] == "invalid_request"
    assert (await flow.redeem(code, code_verifier="short")).status_code == 400
