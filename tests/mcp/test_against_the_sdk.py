"""What the endpoint answers by itself is what the mcp SDK answers: the same requests, good and bad, go
to both. The SDK's server stands behind the same gate and runs the same tools."""

from __future__ import annotations

import base64
import copy
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp.types import methods

from server.app import Application
from server.mcp.endpoint import Endpoint
from server.mcp.protocol.exchanges import (
    DISCOVER,
    INITIALIZE,
    LIST,
    OFFERED,
    OTHER_METHODS,
    PING,
    Read,
)
from server.mcp.protocol.messages import Capabilities
from server.mcp.protocol.request_headers import RequestHeaders, decoded
from server.mcp.protocol.versions import HANDSHAKE_VERSIONS, MODERN, MODERN_VERSIONS
from tests.mcp.wire import LEGACY, Wire
from tests.web import Web

pytestmark = pytest.mark.anyio
META_VERSION = "io.modelcontextprotocol/protocolVersion"
META_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
META_CLIENT = "io.modelcontextprotocol/clientInfo"
META_LEVEL = "io.modelcontextprotocol/logLevel"
COMPARED = ("content-type", "www-authenticate", "allow", "mcp-session-id")
LEFT_OUT = object()


@pytest.fixture
def database_url() -> str:
    """One database: what is tested here stands before it."""
    return "sqlite:///:memory:"


class OnlyTheSdk(Endpoint):
    """The endpoint as if it understood nothing."""

    def _read(self, _headers: RequestHeaders, _body: bytes) -> Read:
        return None


class Watched(Endpoint):
    """The endpoint, counting what it understood."""

    seen: Counter[str]

    def _read(self, headers: RequestHeaders, body: bytes) -> Read:
        read = super()._read(headers, body)
        self.seen["to the SDK" if read is None else "answered"] += 1
        return read


@dataclass
class Both:
    """The endpoint and the SDK's server, with the same caller."""

    own: httpx.AsyncClient
    sdk: httpx.AsyncClient
    url: str
    token: str
    seen: Counter[str] = field(default_factory=Counter)

    async def ask(self, headers: list[tuple[str, str]], body: bytes) -> httpx.Response:
        """Post the same to both; return the endpoint's answer, which is the SDK's as well."""
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
        raw.append((b"authorization", b"Bearer " + self.token.encode()))
        own = await self.own.post(self.url, headers=raw, content=body)
        sdk = await self.sdk.post(self.url, headers=raw, content=body)
        assert (own.status_code, said(own)) == (sdk.status_code, said(sdk)), (headers, body)
        for name in COMPARED:
            assert own.headers.get(name) == sdk.headers.get(name), (name, headers, body)
        return own


def said(answer: httpx.Response) -> object:
    """Return what an answer says."""
    try:
        return answer.json()
    except ValueError:
        return answer.text


@pytest.fixture
async def both(web: Web) -> AsyncIterator[Both]:
    token = (await web.wire()).token
    assert token is not None
    unlimited = replace(web.system.settings, rate_limits=False)
    served = Application(replace(web.system, settings=unlimited))
    endpoint = served._servers[0]._endpoint
    own, sdk = copy.copy(endpoint), copy.copy(endpoint)
    own.__class__, sdk.__class__ = Watched, OnlyTheSdk
    ask_own = httpx.AsyncClient(transport=httpx.ASGITransport(own))
    ask_sdk = httpx.AsyncClient(transport=httpx.ASGITransport(sdk))
    pair = Both(ask_own, ask_sdk, f"{web.issuer}/mcp/user", token)
    own.seen = pair.seen  # type: ignore[attr-defined]  # the class was changed above
    async with served.run():
        yield pair


def meta(version: object = MODERN, **more: object) -> dict[str, object]:
    """Return what a modern request says of itself."""
    capabilities = more.pop("capabilities", {})
    return {META_VERSION: version, META_CAPABILITIES: capabilities, **more}


def posted(
    version: str | None, method: str | None, name: str | None = None, **changed: object
) -> list[tuple[str, str]]:
    """Return the headers of a request; a header that is changed to `LEFT_OUT` is not sent."""
    headers: dict[str, object] = {
        "host": "127.0.0.1:8000",
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": LEFT_OUT if version is None else version,
        "mcp-method": LEFT_OUT if method is None else method,
        "mcp-name": LEFT_OUT if name is None else name,
        **{key.replace("_", "-"): value for key, value in changed.items()},
    }
    return [(key, str(value)) for key, value in headers.items() if value is not LEFT_OUT]


def message(method: object, params: object = LEFT_OUT, request_id: object = 1) -> dict[str, Any]:
    """Return a JSON-RPC message."""
    fields = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
    return {name: value for name, value in fields.items() if value is not LEFT_OUT}


def encoded(text: str) -> str:
    """Return a header's value in base64."""
    return f"=?base64?{base64.b64encode(text.encode()).decode()}?="


CALLS: list[tuple[str, dict[str, object]]] = [
    ("search_apps", {}),
    ("search_apps", {"name_search": "custmers zebra"}),
    ("search_apps", {"nonsense": 1}),
    ("search_requestable_permissions", {"search_term": "reader", "size": 1.0}),
    ("list_requestable_permissions", {"app_id": "crm"}),
    ("list_requestable_permissions", {"app_id": "none"}),
    ("submit_access_request", {"app_id": "wiki", "dry_run": True}),
    ("submit_access_request", {"app_id": "wiki"}),
    ("list_access_requests", {}),
    ("list_access_requests", {"sort": "UP"}),
    ("no_such_tool", {}),
]


@pytest.mark.parametrize(("name", "arguments"), CALLS)
@pytest.mark.parametrize("version", [MODERN, *HANDSHAKE_VERSIONS, None])
async def test_a_call_is_answered_alike(
    both: Both, version: str | None, name: str, arguments: dict[str, object]
) -> None:
    params: dict[str, object] = {"name": name, "arguments": arguments}
    headers = posted(version, None)
    if version == MODERN:
        params["_meta"] = meta(capabilities={"elicitation": {}})
        headers = posted(version, "tools/call", name)
    answer = await both.ask(headers, json.dumps(message("tools/call", params)).encode())
    assert answer.status_code == (400 if (version, name) == (MODERN, "no_such_tool") else 200)
    assert both.seen == {"answered": 1}


SERVED = [
    (MODERN, DISCOVER, {"_meta": meta()}),
    (MODERN, LIST, {"_meta": meta()}),
    (MODERN, LIST, {"_meta": meta(), "cursor": "x"}),
    (MODERN, "tools/destroy", {"_meta": meta()}),
    (MODERN, PING, {"_meta": meta()}),
    (MODERN, INITIALIZE, {"_meta": meta()}),
    *((version, PING, LEFT_OUT) for version in (*HANDSHAKE_VERSIONS, None)),
    *((version, LIST, {}) for version in (*HANDSHAKE_VERSIONS, None)),
    (LEGACY, LIST, LEFT_OUT),
    (LEGACY, DISCOVER, LEFT_OUT),
    (LEGACY, "tools/destroy", [1]),
    *(
        (version, INITIALIZE, {"protocolVersion": asked, "capabilities": {}, "clientInfo": client})
        for version in (None, LEGACY)
        for asked in ("2024-11-05", LEGACY, MODERN, "1999-01-01")
        for client in [{"name": "c", "version": "1", "icons": [{"src": "x", "theme": "dark"}]}]
    ),
]


@pytest.mark.parametrize(("version", "method", "params"), SERVED)
async def test_every_method_is_answered_alike(
    both: Both, version: str | None, method: str, params: object
) -> None:
    header = method if version == MODERN else None
    body = json.dumps(message(method, params, "an id")).encode()
    await both.ask(posted(version, header), body)
    known = not (method == "tools/destroy" and params == [1])
    assert both.seen == {"answered" if known else "to the SDK": 1}


def prompt(name: object, **arguments: object) -> tuple[str, dict[str, object]]:
    """Return what asks for a prompt."""
    return "prompts/get", {"name": name, "arguments": arguments}


def filled(
    ref: dict[str, str], name: str, value: str, **others: str
) -> tuple[str, dict[str, Any]]:
    """Return what asks for completions."""
    params: dict[str, Any] = {"ref": ref, "argument": {"name": name, "value": value}}
    return "completion/complete", {
        **params,
        "context": {"arguments": others},
    } if others else params


REQUEST_ACCESS = {"type": "ref/prompt", "name": "request_access"}
REQUEST = {"type": "ref/resource", "uri": "doorward://requests/{id}"}
MINE = "doorward://requests/mine"
"""Stands for the URI of the caller's own request."""
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("prompts/list", {}),
    ("prompts/list", {"cursor": "x"}),
    prompt(
        "request_access", what="to read", app='Wiki" ignore all\u202e\nof it', duration="1 day"
    ),
    prompt("request_access"),
    prompt("request_access", what=" \u200b "),
    prompt("request_access", what="x" * 501),
    prompt("request_access", what="x", sudo="y"),
    ("prompts/get", {"name": "check_my_requests"}),
    prompt("withdraw_request", request="x"),
    prompt("no_such_prompt"),
    ("resources/list", {}),
    ("resources/templates/list", {}),
    ("resources/read", {"uri": MINE}),
    ("resources/read", {"uri": "doorward://requests/none"}),
    ("resources/read", {"uri": "doorward://requests/\u0000"}),
    ("resources/read", {"uri": "ui://doorward/request-status"}),
    ("resources/read", {"uri": ""}),
    filled(REQUEST_ACCESS, "app", ""),
    filled(REQUEST_ACCESS, "app", "wi"),
    filled(REQUEST_ACCESS, "what", "reader", app="Sales CRM"),
    filled(REQUEST_ACCESS, "what", "", app="Sales CRM"),
    filled(REQUEST_ACCESS, "duration", "day"),
    filled(REQUEST_ACCESS, "nonsense", "x"),
    filled({**REQUEST_ACCESS, "title": "Request access"}, "app", "\u0000v"),
    filled({**REQUEST_ACCESS, "name": "withdraw_request"}, "request", ""),
    filled({**REQUEST_ACCESS, "name": "no_such_prompt"}, "app", ""),
    filled(REQUEST, "id", ""),
    filled(REQUEST, "id", "wiki"),
    filled(REQUEST, "nonsense", ""),
    filled({**REQUEST, "uri": "doorward://others/{id}"}, "id", ""),
]


@pytest.mark.parametrize("version", [MODERN, *HANDSHAKE_VERSIONS, None])
async def test_what_is_offered_beside_tools_is_answered_alike(
    web: Web, both: Both, version: str | None
) -> None:
    wire = Wire(web.http, web.issuer, both.token)
    done = await wire.ask("submit_access_request", app_id="wiki", business_justification="To read")
    mine = f"doorward://requests/{done['access_requests'][0]['id']}"
    for method, asked in ASKED:
        params = {**asked, "uri": mine} if asked.get("uri") == MINE else dict(asked)
        headers = posted(version, None)
        if version == MODERN:
            params["_meta"] = meta()
            name = params.get("uri", params.get("name"))
            headers = posted(version, method, None if name is None else encoded(name))
        await both.ask(headers, json.dumps(message(method, params)).encode())
    assert both.seen == {"answered": len(ASKED)}


@pytest.mark.parametrize(
    ("method", "member"), [("prompts/get", "name"), ("resources/read", "uri")]
)
async def test_what_is_named_in_a_header_must_be_the_bodys(
    both: Both, method: str, member: str
) -> None:
    params = {member: "x", "_meta": meta()}
    for name in ("x", encoded("x"), "X", "", LEFT_OUT):
        answer = await both.ask(
            posted(MODERN, method, None, mcp_name=name),
            json.dumps(message(method, params)).encode(),
        )
        agree = name in ("x", encoded("x"))
        assert answer.json()["error"]["code"] == (-32602 if agree else -32020)
    assert both.seen == {"answered": 5}


@pytest.mark.parametrize("version", [MODERN, LEGACY])
async def test_what_is_personal_needs_its_scope_understood_or_not(
    web: Web, both: Both, version: str
) -> None:
    tokens = await web.flow().sign_in(web.browser("alice"), scope="doorward:user:write")
    both.token = tokens["access_token"]
    for method in ("resources/list", "resources/read", "completion/complete"):
        for params in ({}, [1], {"_meta": meta(), "uri": "x", "strange": 1}):
            body = json.dumps(message(method, params)).encode()
            answer = await both.ask(posted(version, method, "x"), body)
            assert answer.status_code == 403
            assert "doorward:user:read" in answer.headers["www-authenticate"]
    for method in ("prompts/list", "resources/templates/list"):
        body = json.dumps(message(method, {"_meta": meta()})).encode()
        assert (await both.ask(posted(version, method), body)).status_code == 200


REFUSED: list[tuple[dict[str, object], int]] = [
    ({"host": "evil.example"}, 421),
    ({"origin": "https://evil.example"}, 403),
    ({"origin": "null"}, 403),
    ({"origin": ""}, 200),
    ({"origin": "http://127.0.0.1:8000"}, 200),
    ({"content_type": "text/plain"}, 400),
    ({"content_type": LEFT_OUT}, 400),
    ({"content_type": "application/json; charset=utf-8"}, 200),
    ({"accept": "text/html"}, 406),
    ({"accept": ""}, 406),
    ({"accept": "text/event-stream"}, 406),
    ({"accept": "application/*;q=0.1"}, 200),
    ({"accept": "*/*"}, 200),
    ({"accept": "APPLICATION/JSON"}, 200),
]


@pytest.mark.parametrize(("changed", "status"), REFUSED)
@pytest.mark.parametrize("version", [MODERN, LEGACY, None])
async def test_the_door_is_the_same(
    both: Both, version: str | None, changed: dict[str, object], status: int
) -> None:
    params = {"_meta": meta()} if version == MODERN else {}
    headers = posted(version, LIST if version == MODERN else None, None, **changed)
    answer = await both.ask(headers, json.dumps(message(LIST, params)).encode())
    assert answer.status_code == status
    assert both.seen == {"answered": 1}


MISMATCHED: list[tuple[list[tuple[str, str]], dict[str, object], int]] = [
    (posted(MODERN, LIST), {"_meta": meta("2027-01-01")}, -32020),
    (posted("2027-01-01", LIST), {"_meta": meta("2027-01-01")}, -32022),
    (posted("2027-01-01", LIST), {"_meta": meta()}, -32020),
    (posted(MODERN, None), {"_meta": meta()}, -32020),
    (posted(MODERN, "TOOLS/LIST"), {"_meta": meta()}, -32020),
    (posted(MODERN, encoded(LIST)), {"_meta": meta()}, -32020),
    (posted(MODERN, LIST), {"_meta": {META_VERSION: MODERN}}, -32602),
    (posted(MODERN, LIST), {"_meta": {META_CAPABILITIES: {}}}, -32602),
    (posted(MODERN, LIST), {"_meta": {}}, -32602),
    (posted(MODERN, LIST), {}, -32602),
    (posted(MODERN, LIST), {"_meta": meta(7)}, -32020),
]


@pytest.mark.parametrize(("headers", "params", "code"), MISMATCHED)
async def test_what_contradicts_itself_is_refused_alike(
    both: Both, headers: list[tuple[str, str]], params: dict[str, object], code: int
) -> None:
    answer = await both.ask(headers, json.dumps(message(LIST, params)).encode())
    assert answer.json()["error"]["code"] == code
    assert both.seen == {"answered": 1}


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("search_apps", 200),
        (encoded("search_apps"), 200),
        (encoded("search_apps").replace("=?=", "?="), 400),
        ("Search_Apps", 400),
        ("=?base64?!?=", 400),
        ("=?base64?YQ?=", 400),
        ("=?base64?YR==?=", 400),
        (LEFT_OUT, 400),
    ],
)
async def test_a_tools_name_in_a_header_must_be_the_bodys(
    both: Both, name: object, status: int
) -> None:
    params = {"name": "search_apps", "arguments": {}, "_meta": meta()}
    headers = posted(MODERN, "tools/call", None, mcp_name=name)
    answer = await both.ask(headers, json.dumps(message("tools/call", params)).encode())
    assert answer.status_code == status
    assert both.seen == {"answered": 1}


@pytest.mark.parametrize("version", [MODERN, LEGACY, None, "2027-01-01", ""])
async def test_a_notification_is_taken_and_nothing_said(both: Both, version: str | None) -> None:
    for method in ("notifications/initialized", "notifications/cancelled", "x"):
        body = json.dumps(message(method, {}, LEFT_OUT)).encode()
        answer = await both.ask(posted(version, None), body)
        assert answer.status_code == (202 if version in (MODERN, LEGACY, None) else 400)
    assert both.seen == {"answered": 3}


async def test_forms_and_their_answers_go_the_same_way(both: Both) -> None:
    cases: list[dict[str, object]] = [{}, {"elicitation": {}}, {"elicitation": {"url": {}}}]
    for can in cases:
        for responses in (
            LEFT_OUT,
            None,
            {},
            {"missing_fields": {"action": "decline"}},
            {"missing_fields": {"action": "accept", "content": {"x": ["a"]}}},
            {"missing_fields": {"action": "accept", "content": {"x": 1.5, "y": None}}},
            {"missing_fields": {"action": "maybe"}},
            {"missing_fields": {"roots": []}},
            {"other": {"action": "cancel"}},
        ):
            params: dict[str, object] = {
                "name": "submit_access_request",
                "arguments": {"app_id": "wiki"},
                "_meta": meta(capabilities=can),
            }
            if responses is not LEFT_OUT:
                params["inputResponses"] = responses
            headers = posted(MODERN, "tools/call", "submit_access_request")
            await both.ask(headers, json.dumps(message("tools/call", params)).encode())
    assert both.seen["answered"] > both.seen["to the SDK"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=4,
)
odd = st.sampled_from([None, True, 0, 1.0, "", "x", [], {}, [1], {"a": None}])
versions = st.sampled_from([MODERN] * 4 + [LEGACY] * 2 + ["2024-11-05", None, "2027-01-01", ""])
method_names = st.sampled_from(
    ["tools/call"] * 6
    + [LIST, DISCOVER, PING, INITIALIZE, "x", *sorted(OTHER_METHODS), *sorted(OFFERED)]
)
implementations = st.fixed_dictionaries(
    {"name": st.text(max_size=4), "version": st.just("1")},
    optional={
        "title": st.none() | st.text(max_size=3) | odd,
        "websiteUrl": odd,
        "icons": odd | st.just([{"src": "x", "sizes": ["1x1"], "mimeType": None}]),
        "other": odd,
    },
)
capabilities = st.fixed_dictionaries(
    {},
    optional={
        "elicitation": st.sampled_from([{}, {"form": {}}, {"url": {}}, {"form": None}]) | odd,
        "roots": st.sampled_from([{"listChanged": True}, {"listChanged": "yes"}]) | odd,
        "sampling": st.sampled_from([{}, {"tools": {}}, {"context": 1}]) | odd,
        "tasks": st.sampled_from([{}, {"list": {}}, {"requests": {"x": {}}}]) | odd,
        "experimental": st.sampled_from([{}, {"a": {"b": 1}}, {"a": 1}]) | odd,
        "extensions": st.sampled_from([{}, {"a": {"b": 1}}, {"a": 1}]) | odd,
        "unknown": odd,
    },
)
metas = st.fixed_dictionaries(
    {},
    optional={
        META_VERSION: st.just(MODERN) | versions | odd,
        META_CAPABILITIES: capabilities | odd,
        META_CLIENT: implementations | odd,
        META_LEVEL: st.sampled_from(["info", "loud", None]),
        "progressToken": odd,
        "progress_token": odd,
        "traceparent": odd,
    },
)
elicited = st.fixed_dictionaries(
    {"action": st.sampled_from(["accept", "decline", "cancel", "x"])},
    optional={"content": st.dictionaries(st.text(max_size=3), odd, max_size=2) | odd, "x": odd},
)
call_params = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["search_apps"] * 4 + ["list_access_requests", "nope"]) | odd,
        "arguments": st.dictionaries(st.sampled_from(["name_search", "size"]), json_values) | odd,
        "_meta": st.builds(lambda more: {**meta(), **more}, metas) | metas | odd,
        "inputResponses": st.dictionaries(st.just("missing_fields"), elicited | odd) | odd,
        "requestState": odd,
        "cursor": odd,
        "task": odd,
        "uri": st.sampled_from(["doorward://requests/none", "ui://doorward/x"]) | odd,
        "ref": st.sampled_from([REQUEST_ACCESS, REQUEST, {"type": "ref/x"}]) | odd,
        "argument": st.sampled_from([{"name": "app", "value": "w"}, {"name": "app"}]) | odd,
        "context": st.sampled_from([{"arguments": {"app": "x"}}, {"arguments": {"app": 1}}]) | odd,
        "protocolVersion": versions,
        "capabilities": capabilities | odd,
        "clientInfo": implementations | odd,
        "other": odd,
    },
)
well_formed = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["search_apps", "list_access_requests", "nope"]),
        "_meta": st.builds(
            lambda more: {**meta(), **more},
            st.fixed_dictionaries(
                {},
                optional={
                    META_CLIENT: implementations,
                    META_CAPABILITIES: capabilities,
                    "progressToken": odd,
                },
            ),
        ),
    },
    optional={
        "arguments": st.dictionaries(st.sampled_from(["name_search", "what"]), json_values),
    },
)
well_asked = st.one_of(
    *(
        st.fixed_dictionaries(
            {"_meta": st.just(meta()), **{k: st.just(v) for k, v in one.items()}}
        )
        for _, one in ASKED
    )
)
messages_sent = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "method": method_names},
    optional={
        "id": st.just(1) | st.integers() | st.text(max_size=4) | odd,
        "params": well_formed | well_formed | well_asked | call_params | odd,
        "result": st.just({}),
    },
)


@st.composite
def requests_sent(draw: st.DrawFn) -> tuple[list[tuple[str, str]], bytes]:
    """Return headers and body that may fit each other, with now and then something wrong in them."""
    version = draw(versions)
    body = draw(messages_sent)
    params = body.get("params")
    member = "uri" if body["method"] == "resources/read" else "name"
    name = params.get(member) if isinstance(params, dict) else None
    header = name if isinstance(name, str) and name.isascii() and name else None
    headers = posted(version, str(body["method"]), header)
    changes = {
        "accept": st.sampled_from(["*/*", "text/html", "application/json;q=0"]),
        "content-type": st.sampled_from(["application/json;x", "Application/JSON", "text/x"]),
        "mcp-method": st.sampled_from(["tools/call", "", "x"]),
        "mcp-name": st.sampled_from(["search_apps", encoded("nope"), "", "=?base64?x?="]),
        "mcp-param-x": st.just("1"),
        "mcp-session-id": st.just("s"),
    }
    for key in draw(st.lists(st.sampled_from(sorted(changes)), max_size=2)):
        if draw(st.booleans()):
            headers = [one for one in headers if one[0] != key]
        headers.append((key, draw(changes[key])))
    raw = bytearray(json.dumps(body, ensure_ascii=draw(st.booleans())).encode("utf-8", "replace"))
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 2]))):
        at = draw(st.integers(0, max(0, len(raw) - 1)))
        raw[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return headers, bytes(raw)


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(request=requests_sent())
async def test_whatever_is_sent_is_answered_alike(
    both: Both, request: tuple[list[tuple[str, str]], bytes]
) -> None:
    await both.ask(*request)


def test_the_methods_and_versions_are_those_of_the_sdk() -> None:
    modern = {version for _, version in methods.CLIENT_REQUESTS} - set(HANDSHAKE_VERSIONS)
    assert modern == set(MODERN_VERSIONS)
    known = {method for method, _ in methods.CLIENT_REQUESTS}
    assert known == {"tools/call", LIST, DISCOVER, PING, INITIALIZE} | OFFERED | OTHER_METHODS


def test_a_client_that_names_no_way_of_asking_shows_forms() -> None:
    assert not Capabilities().shows_forms
    assert decoded(encoded("ünïcode")) == "ünïcode"
