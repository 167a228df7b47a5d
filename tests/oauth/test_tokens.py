"""Refresh, revocation and registration."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.token_family import GRACE
from server.wiring import System
from tests.mcp.wire import Wire
from tests.oauth.flow import REDIRECT
from tests.web import Web, web_of, web_with

pytestmark = pytest.mark.anyio
READ, WRITE = "doorward:user:read", "doorward:user:write"


async def test_a_refresh_gives_new_tokens_and_may_narrow_the_scopes(web: Web) -> None:
    flow = web.flow()
    first = await flow.sign_in(web.browser())
    second = (await flow.refresh(first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    narrow = (await flow.refresh(second["refresh_token"], scope=READ)).json()
    assert narrow["scope"] == READ
    wire = Wire(web.http, web.issuer, narrow["access_token"])
    answer = await wire.request("tools/call", {"name": "submit_access_request", "arguments": {}})
    assert answer.status_code == 403


async def test_a_refresh_never_widens(web: Web) -> None:
    flow = web.flow()
    first = await flow.sign_in(web.browser(), scope=READ)
    answer = await flow.refresh(first["refresh_token"], scope=f"{READ} {WRITE}")
    assert answer.status_code == 400 or answer.json()["scope"] == READ


async def test_twenty_refreshes_at_once_all_belong_to_one_family_that_lives(web: Web) -> None:
    """Within the grace the same client may have lost an answer; nobody is signed out for it."""
    flow = web.flow()
    first = await flow.sign_in(web.browser())
    answers = await asyncio.gather(*(flow.refresh(first["refresh_token"]) for _ in range(20)))
    assert {one.status_code for one in answers} == {200}
    assert (await flow.refresh(answers[7].json()["refresh_token"])).status_code == 200


async def test_a_replay_after_the_grace_ends_the_family(system: System) -> None:
    """RFC 9700 §4.14.2."""
    moved = [timedelta()]
    clock = system.clock
    async with web_of(replace(system, clock=lambda: clock() + moved[0])) as web:
        flow = web.flow()
        first = await flow.sign_in(web.browser())
        second = (await flow.refresh(first["refresh_token"])).json()
        moved[0] = GRACE + timedelta(seconds=5)
        assert (await flow.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"
        assert (await flow.refresh(second["refresh_token"])).json()["error"] == "invalid_grant"
        wire = Wire(web.http, web.issuer, second["access_token"])
        assert (await wire.request("tools/list")).status_code == 401


async def test_a_refresh_token_is_its_clients_own(web: Web) -> None:
    flow, thief = web.flow(), web.flow()
    first = await flow.sign_in(web.browser())
    await thief.register()
    assert (await thief.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await flow.refresh(first["refresh_token"])).status_code == 200


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_revoking_either_token_ends_all(web: Web, kind: str) -> None:
    """RFC 7009 §2.1."""
    flow = web.flow()
    tokens = await flow.sign_in(web.browser())
    form = {"token": tokens[kind], "client_id": flow.client_id}
    assert (await web.http.post(f"{web.issuer}/revoke", data=form)).status_code == 200
    wire = Wire(web.http, web.issuer, tokens["access_token"])
    assert (await wire.request("tools/list")).status_code == 401
    assert (await flow.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_revoking_what_is_unknown_or_anothers_succeeds_and_does_nothing(web: Web) -> None:
    """RFC 7009 §2.2: the answer tells nobody whether a token exists."""
    flow, other = web.flow(), web.flow()
    tokens = await flow.sign_in(web.browser())
    await other.register()
    for token in ("dwa_unknown", tokens["access_token"]):
        form = {"token": token, "client_id": other.client_id}
        assert (await web.http.post(f"{web.issuer}/revoke", data=form)).status_code == 200
    wire = Wire(web.http, web.issuer, tokens["access_token"])
    assert await wire.tools()


async def test_revocation_needs_a_client_and_a_token(web: Web) -> None:
    flow = web.flow()
    await flow.register()
    url = f"{web.issuer}/revoke"
    assert (await web.http.post(url, data={"token": "x"})).status_code == 401
    assert (await web.http.post(url, data={"client_id": flow.client_id})).status_code == 400


async def test_registration_stores_nothing_and_survives_the_loss_of_the_database(
    web: Web,
) -> None:
    head = web.system.store.head()
    flow = web.flow()
    answer = (await flow.register()).json()
    assert web.system.store.head() == head
    assert answer["redirect_uris"] == [REDIRECT]
    assert answer["token_endpoint_auth_method"] == "none"
    assert "client_secret" not in answer
    assert None not in answer.values()
    assert "code" in await flow.answer(web.browser())


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_confidential_client_proves_itself_either_way(web: Web, method: str) -> None:
    flow = web.flow()
    answer = (await flow.register(token_endpoint_auth_method=method)).json()
    secret = answer["client_secret"]
    code = (await flow.answer(web.browser()))["code"]
    assert (await flow.redeem(code)).json()["error"] == "invalid_client"
    wrong = await flow.redeem(code, client_secret="wrong")
    assert wrong.json()["error"] == "invalid_client"
    if method == "client_secret_post":
        assert (await flow.redeem(code, client_secret=secret)).status_code == 200
        return
    basic = base64.b64encode(f"{flow.client_id}:{secret}".encode()).decode()
    flow.http.headers["authorization"] = f"Basic {basic}"
    assert (await flow.redeem(code, client_id=None)).status_code == 200


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://example.com/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://a.example/#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://u:p@a.example/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://a.example/"] * 11}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://a.example/"}, "invalid_client_metadata"),
        ({"redirect_uris": [7]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"grant_types": ["password"]}, "invalid_client_metadata"),
        ({"client_name": "x" * 1001}, "invalid_client_metadata"),
        ({"client_name": "x" * 20_000}, "invalid_client_metadata"),
    ],
)
async def test_bad_client_metadata_is_named(
    web: Web, metadata: dict[str, object], error: str
) -> None:
    """RFC 7591 §3.2.2."""
    answer = await web.flow().register(**metadata)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"a":' * 3000])
async def test_registration_takes_json_alone(web: Web, body: bytes) -> None:
    answer = await web.http.post(f"{web.issuer}/register", content=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")


PARAMETERS = st.sampled_from(
    [
        "allow:doorward:user:read",
        "client_id",
        "client_secret",
        "consent",
        "code",
        "code_verifier",
        "code_challenge",
        "code_challenge_method",
        "csrf",
        "decision",
        "grant_type",
        "page",
        "password",
        "prompt",
        "redirect_uri",
        "refresh_token",
        "request",
        "resource",
        "response_type",
        "scope",
        "state",
        "switch",
        "then",
        "token",
        "username",
    ]
)
TEXTS = (
    st.text(max_size=30)
    | st.sampled_from(["authorization_code", "refresh_token", "code", "S256", "none", REDIRECT])
    | st.sampled_from(["https://claude.ai/oauth/claude-code-client-metadata", "%", "\0", "dw1.."])
)
ENDPOINTS = st.sampled_from(
    [
        "/authorize",
        "/authorize/continue",
        "/token",
        "/revoke",
        "/introspect",
        "/register",
        "/sign-in",
        "/sign-in/start",
        "/sign-in/callback",
        "/sign-out",
        "/consent",
        "/connections",
        "/admin/connections",
        "/mcp/user",
        "/mcp/admin",
        "/.well-known/oauth-authorization-server",
    ]
)


@settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    endpoint=ENDPOINTS,
    method=st.sampled_from(["GET", "POST"]),
    pairs=st.lists(st.tuples(PARAMETERS, TEXTS), max_size=6),
    raw=st.binary(max_size=40),
    header=st.sampled_from(["Basic ", "Basic x", "Basic Ojo=", "Basic /w==", "Bearer dwa_x", ""]),
    cookie=st.binary(max_size=50),
    kind=st.sampled_from(["application/x-www-form-urlencoded", "application/json", "x", ""]),
)
async def test_nothing_sent_to_any_endpoint_is_a_fault_of_ours(
    fuzzed: Web,
    endpoint: str,
    method: str,
    pairs: list[tuple[str, str]],
    raw: bytes,
    header: str,
    cookie: bytes,
    kind: str,
) -> None:
    encoded = "&".join(f"{name}={_percent(value)}" for name, value in pairs).encode()
    url = f"{fuzzed.issuer}{endpoint}"
    headers = [
        (b"authorization", header.encode()),
        (b"cookie", b"sid=" + cookie.translate(None, b"\r\n\0")),
        (b"content-type", kind.encode()),
    ]
    if method == "GET":
        answer = await fuzzed.http.get(f"{url}?{encoded.decode()}", headers=headers)
    else:
        content = encoded + (b"&" + raw if raw else b"")
        answer = await fuzzed.http.post(url, content=content, headers=headers)
    assert answer.status_code < 500, (endpoint, content if method == "POST" else encoded)


def _percent(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """One database suffices where the rules, not the rows, are tested."""
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def fuzzed(system: System) -> AsyncIterator[Web]:
    """Without limits: what is refused before it is looked at would prove nothing."""
    async with web_with(system, rate_limits=False) as (web, _):
        yield web
