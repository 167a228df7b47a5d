"""The door of the MCP server: tokens, scopes, roles, sizes, and input that fits nothing."""

from __future__ import annotations

from dataclasses import replace

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.person import PutPerson, Role
from server.mcp.schemas import SEARCH_APPS
from server.mcp.schemas import SUBMIT as SUBMIT_TOOL
from server.wiring import System
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.seeds import ALICE, CONTEXT, person
from tests.web import Web, web_of

pytestmark = pytest.mark.anyio
ERAS = pytest.mark.parametrize("era", [MODERN, LEGACY])
READ, WRITE = "doorward:user:read", "doorward:user:write"
FIVE = [
    "search_apps",
    "search_requestable_permissions",
    "list_requestable_permissions",
    "submit_access_request",
    "list_access_requests",
]


@pytest.fixture
def database_url() -> str:
    """One database: what is tested here stands before it."""
    return "sqlite:///:memory:"


@ERAS
async def test_without_a_token_the_challenge_names_metadata_and_both_scopes(
    web: Web, era: str
) -> None:
    """RFC 6750 §3.1: no error code where no token was sent. RFC 9728 §5.1."""
    answer = await Wire(web.http, web.issuer, None, era).request("tools/list")
    challenge = answer.headers["www-authenticate"]
    assert answer.status_code == 401
    assert challenge == (
        f'Bearer scope="{READ} {WRITE}", '
        f'resource_metadata="{web.issuer}/.well-known/oauth-protected-resource/mcp/user"'
    )


@pytest.mark.parametrize("token", ["dwa_wrong", "wrong", "dwr_refresh", "ünïcode", "a" * 5000])
async def test_a_bad_token_is_told_so(web: Web, token: str) -> None:
    wire = Wire(web.http, web.issuer, None)
    answer = await wire.post({}, authorization=f"Bearer {token}".encode())
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_a_token_is_taken_in_the_header_alone(web: Web) -> None:
    wire = await web.wire()
    url = f"{web.issuer}/mcp/user?access_token={wire.token}"
    assert (await web.http.post(url, json={})).status_code == 401


@ERAS
async def test_a_write_tool_is_listed_for_a_reader_and_calling_it_asks_for_all_scopes(
    web: Web, era: str
) -> None:
    wire = await web.wire(scope=READ, era=era)
    assert await wire.tools() == FIVE
    answer = await wire.request(
        "tools/call", {"name": "submit_access_request", "arguments": {"app_id": "wiki"}}
    )
    challenge = answer.headers["www-authenticate"]
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in challenge
    assert f'scope="{READ} {WRITE}"' in challenge
    assert "resource_metadata=" in challenge


async def test_a_tool_of_another_role_is_absent_and_as_unknown_as_any_name(web: Web) -> None:
    """Also at once, when the role goes while the token stays good."""
    wire = await web.wire("alice")
    assert await wire.tools()
    record = replace(person(ALICE), roles=(Role.AUDITOR,))
    await web.system.bus.execute(PutPerson(ALICE, record), CONTEXT)
    assert await wire.tools() == []
    hidden = await wire.request("tools/call", {"name": "search_apps", "arguments": {}})
    unknown = await wire.request("tools/call", {"name": "no_such_tool", "arguments": {}})
    for answer in (hidden, unknown):
        assert answer.json()["error"]["code"] == -32602
    assert hidden.json()["error"] == unknown.json()["error"]


@ERAS
async def test_a_feature_flag_brings_the_tool_that_cancels(system: System, era: str) -> None:
    flagged = replace(system.settings, features=frozenset({"cancel_access_request"}))
    async with web_of(replace(system, settings=flagged)) as web:
        wire = await web.wire(era=era)
        assert await wire.tools() == [*FIVE, "cancel_access_request"]
        done = await wire.ask(
            "submit_access_request", app_id="wiki", business_justification="To write"
        )
        request_id = done["access_requests"][0]["id"]
        stale = await wire.refused(
            "cancel_access_request", access_request_id=request_id, expected_version=7
        )
        assert stale.startswith("stale_version")
        gone = await wire.ask(
            "cancel_access_request", access_request_id=request_id, reason="Not needed"
        )
        assert gone["access_request"]["status"] == "CANCELLED"
        assert gone["access_request"]["closed_reason"] == "Not needed"
        again = await wire.refused("cancel_access_request", access_request_id=request_id)
        assert again.startswith("already_closed")


async def test_a_stranger_cannot_tell_a_request_from_none(system: System) -> None:
    flagged = replace(system.settings, features=frozenset({"cancel_access_request"}))
    async with web_of(replace(system, settings=flagged)) as web:
        alice, carol = await web.wire("alice"), await web.wire("carol")
        done = await alice.ask(
            "submit_access_request", app_id="wiki", business_justification="To write"
        )
        theirs = done["access_requests"][0]["id"]
        refusals = [
            (await carol.refused("cancel_access_request", access_request_id=one)).replace(one, "")
            for one in (theirs, "no-such-request")
        ]
        assert refusals[0] == refusals[1]


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
async def test_only_post_is_served(web: Web, method: str) -> None:
    wire = await web.wire()
    answer = await web.http.request(
        method, f"{web.issuer}/mcp/user", headers={"authorization": f"Bearer {wire.token}"}
    )
    assert answer.status_code == 405


async def test_a_body_over_the_limit_is_refused_before_it_is_read_whole(web: Web) -> None:
    wire = await web.wire()
    answer = await wire.post(b'{"a": "' + b"x" * 256 * 1024 + b'"}')
    assert answer.status_code == 413
    assert "262144 bytes" in answer.json()["error"]["message"]


async def test_a_foreign_host_or_origin_is_refused(web: Web) -> None:
    wire = await web.wire()
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    assert (await wire.post(body, host="evil.example")).status_code == 421
    assert (await wire.post(body, origin="https://evil.example")).status_code == 403


@ERAS
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1e999",
        b'"text"',
        b"{}",
        b'{"jsonrpc": "2.0"}',
        b'{"jsonrpc": "2.0", "id": {}, "method": 7}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": []}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": 7}}',
        b"\xff\xfe\x00",
        b'{"a":' * 5000,
    ],
    ids=lambda body: repr(body[:40]),
)
async def test_what_is_no_request_gets_a_json_rpc_error(web: Web, era: str, body: bytes) -> None:
    wire = await web.wire(era=era)
    answer = await wire.post(body)
    assert 400 <= answer.status_code < 500 or "error" in answer.json(), answer.text
    assert answer.json()["error"]["code"] < 0


@ERAS
@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("search_apps", {"query": "x"}, "There is no argument 'query'; there are: name_search"),
        ("search_apps", {"page": "one"}, "page must be a whole number."),
        ("search_apps", {"page": True}, "page must be a whole number."),
        ("search_apps", {"page": 0}, "page must be 1 or more."),
        ("search_apps", {"size": 101}, "size must be 100 or less."),
        ("search_apps", {"name_search": "x" * 513}, "name_search is longer than 512 characters"),
        ("search_requestable_permissions", {}, "search_term is required."),
        ("search_requestable_permissions", {"search_term": ""}, "search_term must not be empty."),
        ("list_access_requests", {"sort": "UP"}, "sort must be one of: ASC, DESC."),
        ("list_access_requests", {"statuses": "PENDING"}, "statuses must be a list."),
        ("list_access_requests", {"statuses": ["X"]}, "statuses.0 must be one of: "),
        ("list_access_requests", {"updated_since": "soon"}, "updated_since must be a date"),
        ("list_access_requests", {"updated_since": "2026-01-01"}, "updated_since must be a date"),
        (
            "submit_access_request",
            {"app_id": "wiki", "access_length": "1 day", "expiration_in_seconds": 60},
            "Give access_length or expiration_in_seconds, not both.",
        ),
        (
            "submit_access_request",
            {"app_id": "wiki", "custom_fields": [{"id": "a", "answer": "b"}]},
            "custom_fields.0: ",
        ),
    ],
)
async def test_arguments_that_do_not_fit_are_named(
    web: Web, era: str, tool: str, arguments: dict[str, object], sentence: str
) -> None:
    wire = await web.wire(era=era)
    refusal = await wire.refused(tool, **arguments)
    assert refusal.startswith("invalid_arguments: ")
    assert sentence in refusal


@ERAS
async def test_every_answer_fits_the_schema_that_was_listed(web: Web, era: str) -> None:
    wire = await web.wire(era=era)
    listed = (await wire.request("tools/list")).json()["result"]["tools"]
    schemas = {tool["name"]: tool["outputSchema"] for tool in listed}
    submission: dict[str, object] = {"app_id": "wiki", "business_justification": "To write"}
    calls: list[tuple[str, dict[str, object]]] = [
        ("search_apps", {}),
        ("search_apps", {"name_search": "nothing like it"}),
        ("search_apps", {"queries": ["customers", "sales"], "size": 1}),
        ("search_apps", {"name_search": "custmers zebra", "requestable_only": True}),
        ("search_requestable_permissions", {"search_term": "reader"}),
        ("search_requestable_permissions", {"search_term": "vault", "size": 1}),
        ("list_requestable_permissions", {"app_id": "crm"}),
        ("list_requestable_permissions", {"app_id": "wiki"}),
        ("submit_access_request", {"app_id": "wiki"}),
        ("submit_access_request", {**submission, "dry_run": True}),
        ("submit_access_request", submission),
        ("submit_access_request", submission),
        ("list_access_requests", {}),
    ]
    for name, arguments in calls:
        result = await wire.call(name, **arguments)
        jsonschema.validate(result["structuredContent"], schemas[name])
        assert result["content"][0]["text"]


@ERAS
async def test_the_list_may_not_be_cached_for_others(web: Web, era: str) -> None:
    wire = await web.wire(era=era)
    result = (await wire.request("tools/list")).json()["result"]
    if era == MODERN:
        assert (result["cacheScope"], result["ttlMs"]) == ("private", 0)
    for tool in result["tools"]:
        assert tool["inputSchema"]["additionalProperties"] is False
        assert tool["annotations"]["readOnlyHint"] is (tool["name"] != "submit_access_request")


async def test_an_unknown_method_is_an_error_of_the_protocol(web: Web) -> None:
    wire = await web.wire()
    assert (await wire.request("tools/destroy")).json()["error"]["code"] == -32601


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(
    [*SEARCH_APPS.input_schema["properties"], *SUBMIT_TOOL.input_schema["properties"], "strange"]
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tool=st.sampled_from(FIVE), arguments=st.dictionaries(names, values, max_size=4))
async def test_no_arguments_ever_break_a_tool(
    fuzzed: Wire, tool: str, arguments: dict[str, object]
) -> None:
    try:
        answer = await fuzzed.request("tools/call", {"name": tool, "arguments": arguments})
    except (ValueError, UnicodeEncodeError):
        return  # no JSON can hold this: it never leaves the client
    assert answer.status_code in {200, 400}, answer.text
    assert answer.json().get("error", {}).get("code") != -32603, answer.text


@pytest.fixture
async def fuzzed(web: Web) -> Wire:
    return await web.wire()


async def test_an_outage_of_the_store_is_told_without_details(web: Web) -> None:
    wire = await web.wire()
    web.system.bus.close()
    refusal = await wire.refused(
        "submit_access_request", app_id="wiki", business_justification="To write"
    )
    assert refusal.startswith("unavailable: ")


async def test_health_tells_the_log_and_that_nats_is_off(web: Web) -> None:
    answer = await web.http.get(f"{web.issuer}/healthz")
    assert answer.json() == {
        "status": "ok",
        "position": web.system.store.head(),
        "nats": {"state": "off"},
        "checkpoint": {"position": 0, "fault": ""},
    }
