"""A real server meets hostile bytes on every route: it never fails (5xx other than 503), never writes a
traceback, and answers a good request afterwards."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator
from itertools import product

import anyio
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.browser import FormBrowser
from tests.oauth.flow import Flow
from tests.running import PASSWORD, RunningServer, free_port

SECONDS = 10
PORT = free_port()
PATHS = (
    "/", "/healthz", "/readyz", "/metrics", "/mcp/user", "/mcp/admin", "/mcp/user/", "/authorize", "/token", "/register",
    "/revoke", "/introspect", "/sign-in", "/sign-in/start", "/sign-in/callback", "/sign-out", "/consent",
    "/connections", "/admin/connections", "/admin/roles", "/admin/features", "/inbox", "/inbox/events", "/requests/x", "/access", "/emergency",
    "/admin/requests", "/catalog", "/catalog/github", "/audit", "/audit/as-of", "/audit/verify", "/audit/export",
    "/scim/v2/Users", "/scim/v2/Groups", "/scim/v2/ServiceProviderConfig", "/scim/v2/Users/x",
    "/integrations/x/decide", "/.well-known/oauth-authorization-server", "/assets/live.js",
    "/.well-known/oauth-protected-resource/mcp/user", "/nothing", "*",
)  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PURGE")
TRICKS = (
    "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2f", "//evil.example/", "/%00", "/inbox%00", "/%ff%fe", "/%", "/%zz",
    "/catalog/%00", "/catalog/%ff", "/catalog/%ed%a0%80", "/requests/%00", "/requests/" + "a" * 4_000,
    "/requests/..%5c..", "/inbox?%00=%ff&" + "a=b&" * 500, "/authorize?client_id=%00&state=%ff",
    "/authorize?" + "resource=x&" * 300, "/inbox/events?mark=%00&request=%00", "/catalog?q=%00", "/catalog?q=%ed%a0%80",
    "/catalog?page=99999999999999999999999", "/catalog?page=-1&size=0", "/audit?after=%00&q=%ff",
    "/sign-in/start?then=%00", "/sign-in/callback?state=%00&code=%ff", "/scim/v2/Users?filter=%00",
    "/scim/v2/Users?startIndex=1e999&count=-1", "/./././inbox", "/inbox;x=y", "/INBOX", "/mcp/%75ser",
)  # fmt: skip


def deep(levels: int) -> object:
    """Return lists in lists."""
    return [deep(levels - 1)] if levels else []


def call(tool: str, arguments: dict[str, object]) -> bytes:
    """Return a tool call of the earlier era."""
    params = {"name": tool, "arguments": arguments}
    return json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    ).encode()


JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
BODIES = (
    (JSON, b"[" * 100_000),
    (JSON, b'{"a":' * 50_000),
    (JSON, b'{"jsonrpc":"2.0","id":1e999,"method":"tools/list"}'),
    (JSON, b'{"jsonrpc":"2.0","id":' + b"9" * 10_000 + b',"method":"tools/call"}'),
    (JSON, b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\\u0000"}}'),
    (JSON, b'{"jsonrpc":"2.0","id":1,"method":"\\ud800","params":[]}'),
    (JSON, b'{"client_name":"\\u0000\\ud800","redirect_uris":["http://localhost/%00"]}'),
    (JSON, b'{"redirect_uris":' + b"[" * 900 + b"]" * 900 + b"}"),
    (JSON, call("search_apps", {"query": "\0\ud800" * 50, "page": -1})),
    (JSON, call("search_apps", {"queries": ["a" * 20_000] * 5})),
    (JSON, call("list_access_requests", {"page": 10**30, "size": 1e300})),
    (JSON, call("submit_access_request", {"app_id": ["\0"], "a": deep(200)})),
    (JSON, call("submit_access_request", {"form": deep(90), "dry_run": True})),
    (JSON, b"\xff\xfe\x00"),
    (JSON, b"\xef\xbb\xbf{}"),
    (JSON, b"NaN"),
    (JSON, b""),
    (FORM, b"grant_type=%00&code=%ff&client_id=" + b"a" * 10_000),
    (FORM, b"a=b&" * 3_000),
    (FORM, b"username=%ed%a0%80&password=%00&then=/inbox"),
    (FORM, b"\xff\xff\xff="),
    (FORM, b"%"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a'),
    ("multipart/form-data", b"--"),
    ("text/plain; charset=utf-7", b"+AAA-"),
    ("application/scim+json", b'{"schemas":["' + b"a" * 5_000 + b'"],"userName":1e400}'),
    ("\xff/\xff", b"{}"),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("hostile") / "data"
    running = RunningServer(
        folder, port=PORT, settings={"DOORWARD_NATS_URL": "off", "DOORWARD_RATE_LIMITS": "off"}
    )
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def admitted(server: RunningServer) -> tuple[str, ...]:
    """Headers of those who may in: a client's token, the cookies of a person's browser."""

    async def sign_in() -> tuple[str, ...]:
        async with httpx.AsyncClient() as http:
            browser = FormBrowser(server.issuer, "admin", PASSWORD)
            tokens = await Flow(http, server.issuer).sign_in(browser)
            cookies = "; ".join(f"{one.name}={one.value}" for one in browser.http.cookies.jar)
            await browser.http.aclose()
        return f"Authorization: Bearer {tokens['access_token']}\r\n", f"Cookie: {cookies}\r\n"

    told = json.loads(server.run("scim-token", "add", "hostile", "--json").stdout)
    secret = next(str(one) for one in told.values() if str(one).startswith("dwp_"))
    return *anyio.run(sign_in), f"Authorization: Bearer {secret}\r\n"


def told(server: RunningServer, sent: bytes, *, whole: bool = True) -> list[int]:
    """Send bytes and hang up, at once or when the server has said all; return the statuses it said."""
    with socket.create_connection(("127.0.0.1", server.port), SECONDS) as connection:
        received = b""
        try:
            connection.sendall(sent)
            while whole and (part := connection.recv(65_536)):
                received += part
                if b"event-stream" in received:
                    break
        except ConnectionError:
            pass
    lines = [line for line in received.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    return [int(line.split()[1]) for line in lines]


def request(method: str, path: str, media: str = "", body: bytes = b"", more: str = "") -> bytes:
    """Return a well-formed request after which the connection ends."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nAccept: */*, text/event-stream\r\nConnection: close\r\n{more}"
    if media:
        head += f"Content-Type: {media}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode("latin-1") + body


def check(server: RunningServer, statuses: list[int], sent: bytes) -> None:
    assert all(one < 500 or one == 503 for one in statuses), (statuses, sent[:300])


def still_well(server: RunningServer) -> None:
    assert told(server, request("GET", "/healthz")) == [200]
    said = server.said()
    assert "Traceback" not in said, said[said.index("Traceback") :][:5_000]


@pytest.mark.parametrize("path", PATHS)
def test_every_method_on_every_route(
    server: RunningServer, admitted: tuple[str, ...], path: str
) -> None:
    for method, more in product(METHODS, ("", *admitted)):
        for media, body in (("", b""), (JSON, b"{}")):
            sent = request(method, path, media, body, more)
            statuses = told(server, sent)
            assert statuses, (method, path)
            check(server, statuses, sent)
    still_well(server)


@pytest.mark.parametrize("path", TRICKS)
def test_paths_that_try_to_be_others(
    server: RunningServer, admitted: tuple[str, ...], path: str
) -> None:
    for method in ("GET", "POST"):
        for more in ("", *admitted):
            sent = request(method, path, FORM, b"a=b", more)
            check(server, told(server, sent), sent)
    still_well(server)


@pytest.mark.parametrize("number", range(len(BODIES)))
def test_bodies_that_are_none(
    server: RunningServer, admitted: tuple[str, ...], number: int
) -> None:
    media, body = BODIES[number]
    odd = "Authorization: Basic !!!\r\nCookie: a=\xff; \x80\r\n"
    credentials = ("", "Authorization: Bearer \xff\r\n", odd, *admitted)
    for path in PATHS:
        for more in credentials:
            sent = request("POST", path, media, body, more)
            check(server, told(server, sent), sent)
    still_well(server)


def test_those_who_hang_up_in_the_middle(server: RunningServer) -> None:
    rng = random.Random(8_675_309)
    for path in PATHS:
        sent = request("POST", path, JSON, b'{"a": "b"}' * 50)
        for cut in (len(sent), rng.randrange(1, len(sent)), len(sent) - 1):
            told(server, sent[:cut], whole=False)
    still_well(server)


SEEDS = [
    request(method, path, JSON, b'{"a": 1}') for method in ("GET", "POST") for path in PATHS[:12]
]


@settings(
    max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(
    st.sampled_from(SEEDS),
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 3), st.binary(max_size=12)), max_size=6
    ),
)
def test_requests_with_something_wrong(seed: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    sent = bytearray(seed)
    for at, how, data in changes:
        place = at % (len(sent) + 1)
        if how == 0:
            sent[place:place] = data
        elif how == 1:
            sent[place : place + len(data)] = data
        elif how == 2:
            del sent[place : place + len(data)]
        else:
            sent += sent[place : place + 40]
    server = _SERVERS[0]
    check(server, told(server, bytes(sent) + b"\r\n\r\n", whole=False), bytes(sent))


_SERVERS: list[RunningServer] = []


@pytest.fixture(scope="module", autouse=True)
def _known(server: RunningServer) -> Iterator[None]:
    """Hypothesis takes no fixtures of less than its own scope."""
    _SERVERS.append(server)
    yield
    _SERVERS.clear()


def test_after_all_that_it_is_well(server: RunningServer) -> None:
    still_well(server)
    assert told(server, request("GET", "/catalog"))[0] in (200, 303)
