"""What users of other servers report broken, each with the client it broke."""

from __future__ import annotations

import pytest

from server.wiring import System
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.oauth.flow import REDIRECT
from tests.web import Web, web_with

pytestmark = pytest.mark.anyio
ERAS = pytest.mark.parametrize("era", [MODERN, LEGACY])


@pytest.fixture
def database_url() -> str:
    """One database: clients see none of it."""
    return "sqlite:///:memory:"


@pytest.mark.parametrize("suffix", ["", "/mcp/user", "/mcp/admin"])
async def test_all_three_documents_are_at_the_root_and_behind_each_path(
    web: Web, suffix: str
) -> None:
    """Claude probes them with the path, others without; a 404 ends the sign-in."""
    for name in ("oauth-authorization-server", "openid-configuration"):
        found = await web.http.get(f"{web.issuer}/.well-known/{name}{suffix}")
        assert found.json()["issuer"] == web.issuer
    found = await web.http.get(f"{web.issuer}/.well-known/oauth-protected-resource{suffix}")
    resource = f"{web.issuer}{suffix or '/mcp/user'}"
    assert found.json()["resource"] == resource, "Gemini wants exactly the URL, without a slash"
    assert found.json()["authorization_servers"] == [web.issuer]


async def test_a_private_scheme_among_others_does_not_spoil_a_registration(web: Web) -> None:
    """Cursor registers its scheme beside https and loopback ones."""
    uris = [
        "cursor://anysphere.cursor-retrieval/oauth/user-doorward/callback",
        "https://www.cursor.com/agents/mcp/oauth/callback",
        REDIRECT,
    ]
    answer = await web.flow().register(redirect_uris=uris)
    assert answer.json()["redirect_uris"] == uris


async def test_a_loopback_redirect_without_a_port_takes_any(web: Web) -> None:
    """Claude Code registers none and listens on a free one, under either name."""
    flow = web.flow()
    flow.client_id = "https://claude.ai/oauth/claude-code-client-metadata"
    for host in ("localhost", "127.0.0.1"):
        redirect = f"http://{host}:53682/callback"
        landed = await web.browser().visit(flow.authorization_url(redirect_uri=redirect))
        assert landed.startswith(f"{redirect}?code=")


async def test_a_registration_is_answered_without_a_null(web: Web) -> None:
    """Clients take a null secret or missing grant types for a broken server."""
    answer = (await web.flow().register(grant_types=None, response_types=None)).json()
    assert None not in answer.values()
    assert answer["grant_types"] == ["authorization_code", "refresh_token"]
    assert answer["response_types"] == ["code"]


@ERAS
async def test_a_slash_at_the_end_is_served_and_never_redirected(web: Web, era: str) -> None:
    """On a 307 clients lose their token or their body."""
    tokens = await web.flow().sign_in(web.browser())
    wire = Wire(web.http, web.issuer, tokens["access_token"], era, "/mcp/user/")
    assert len(await wire.tools()) == 5
    bare = await Wire(web.http, web.issuer, None, era, "/mcp/user/").request("tools/list")
    assert (bare.status_code, "location" in bare.headers) == (401, False)


@ERAS
async def test_the_challenge_tells_everything_and_comes_from_the_settings(
    system: System, era: str
) -> None:
    """Behind a proxy: https URLs of the public name, whatever Host and forwarding headers say."""
    async with web_with(system, public_url="https://doorward.example") as (web, _):
        wire = Wire(web.http, "http://127.0.0.1:8000", None, era)
        hostile = {"host": "evil.example", "x-forwarded-host": "evil.example"}
        answer = await wire.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, **hostile)
        challenge = answer.headers["www-authenticate"]
        assert answer.status_code == 401
        assert (
            "https://doorward.example/.well-known/oauth-protected-resource/mcp/user" in challenge
        )
        assert 'scope="doorward:user:read doorward:user:write"' in challenge
        assert "error=" not in challenge
        metadata = await web.http.get(
            "http://127.0.0.1:8000/.well-known/oauth-authorization-server", headers=hostile
        )
        assert "evil" not in metadata.text
        assert metadata.json()["token_endpoint"] == "https://doorward.example/token"


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource/mcp/user",
        "/token",
        "/register",
        "/revoke",
    ],
)
async def test_a_browsers_program_may_call_what_takes_no_cookie(web: Web, path: str) -> None:
    """Inspector and other clients in a page: preflight and answer, for any origin."""
    origin = {"origin": "https://inspector.example"}
    method = "GET" if "well-known" in path else "POST"
    asked = {**origin, "access-control-request-method": method}
    preflight = await web.http.request("OPTIONS", f"{web.issuer}{path}", headers=asked)
    assert preflight.status_code == 200
    answer = await web.http.request(method, f"{web.issuer}{path}", headers=origin)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.status_code < 500


@ERAS
async def test_an_allowed_page_may_call_the_mcp_server_and_no_other(
    system: System, era: str
) -> None:
    """The challenge must be readable, and the preflight comes without a token."""
    page = "https://inspector.example"
    async with web_with(system, allowed_origins=(page,)) as (web, _):
        tokens = await web.flow().sign_in(web.browser())
        wire = Wire(web.http, web.issuer, tokens["access_token"], era)
        asked = {"access-control-request-method": "POST"}
        preflight = await web.http.request(
            "OPTIONS", wire.resource, headers={**asked, "origin": page}
        )
        assert preflight.headers["access-control-allow-origin"] == page
        bare = await Wire(web.http, web.issuer, None, era).post({}, origin=page)
        assert bare.status_code == 401
        assert "WWW-Authenticate" in bare.headers["access-control-expose-headers"]
        request = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        hostile = await wire.post(request, origin="https://evil.example")
        assert hostile.status_code == 403
        assert "access-control-allow-origin" not in hostile.headers


async def test_scopes_of_another_server_do_not_end_a_sign_in(web: Web) -> None:
    """Codex asks for what it finds in any metadata; TypeScript clients add offline_access."""
    flow = web.flow()
    asked = "openid profile offline_access doorward:admin:people:read doorward:user:read"
    tokens = await flow.sign_in(web.browser(), scope=asked)
    assert tokens["scope"] == "doorward:user:read"
    assert "refresh_token" in tokens
