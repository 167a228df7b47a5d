"""Tracking without polling, over a real socket: what is told, to whom, and when a stream ends."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest
from mcp.client.subscriptions import (
    ResourcesListChanged,
    ResourceUpdated,
    ToolsListChanged,
)
from mcp.shared.exceptions import MCPError

from adapters.open_store import MEMORY
from domain.access_request import CommentOnRequest
from domain.envelope import Recorded, Unreadable
from domain.feature import DisableFeature, EnableFeature
from domain.person import PutPerson, Role
from domain.values import PersonId, RequestId
from server.http_server.bounds import Bounds
from server.mcp.subscriptions import listening
from server.mcp.subscriptions.changes import Change
from server.mcp.subscriptions.frames import SUBSCRIPTION
from server.wiring import System
from tests import seeds
from tests.mcp.hearing import (
    Heard,
    asking,
    client_of,
    ended,
    headers_of,
    heard_of,
    next_of,
    refused,
    stream,
    until,
    uri_of,
)
from tests.mcp.wire import LEGACY, Wire

pytestmark = pytest.mark.anyio
QUICK = 0.02
ALL = {"toolsListChanged": True, "promptsListChanged": True, "resourcesListChanged": True}


@pytest.fixture
async def web(system: System) -> AsyncIterator[Heard]:
    async with heard_of(system) as served:
        yield served


async def requested(wire: Wire, app: str = "wiki") -> str:
    """Submit a request; return its id."""
    answer = await wire.ask(
        "submit_access_request", app_id=app, business_justification="To write it down"
    )
    request_id: str = answer["access_requests"][0]["id"]
    return request_id


async def comment(web: Heard, request_id: str, by: PersonId = seeds.ALICE) -> None:
    """Change a request."""
    said = CommentOnRequest(RequestId(request_id), by, "It is for the audit", web.system.clock())
    await web.execute(said)


async def test_a_client_hears_of_its_persons_requests_and_of_new_ones(web: Heard) -> None:
    alice = await web.wire()
    first, second = await requested(alice), await requested(alice, "vault")
    async with client_of(alice) as client:
        uris = [uri_of(first)]
        listening_to = client.listen(resource_subscriptions=uris, resources_list_changed=True)
        async with listening_to as heard:
            assert heard.honored.resource_subscriptions == uris
            await comment(web, second)
            await comment(web, first)
            assert await next_of(heard) == ResourceUpdated(uri_of(first))
            await requested(alice, "crm")
            assert await next_of(heard) == ResourcesListChanged()
    await until(lambda: web.streams == 0)


async def test_the_stream_carries_the_uri_and_nothing_of_the_request(web: Heard) -> None:
    alice = await web.wire()
    request_id = await requested(alice)
    async with stream(alice, {"resourceSubscriptions": [uri_of(request_id)]}, "mine") as heard:
        meta = {SUBSCRIPTION: "mine"}
        honoured = {"resourceSubscriptions": [uri_of(request_id)]}
        assert await anext(heard) == {
            "jsonrpc": "2.0",
            "method": "notifications/subscriptions/acknowledged",
            "params": {"_meta": meta, "notifications": honoured},
        }
        await comment(web, request_id)
        assert await anext(heard) == {
            "jsonrpc": "2.0",
            "method": "notifications/resources/updated",
            "params": {"_meta": meta, "uri": uri_of(request_id)},
        }


async def test_a_request_of_somebody_else_is_left_out_as_one_that_does_not_exist(
    web: Heard,
) -> None:
    alice, carol = await web.wire(), await web.wire("carol")
    hers, his = await requested(alice), await requested(carol)
    uris = [
        uri_of(hers),
        uri_of("no-such-request"),
        uri_of("\0"),
        "ui://doorward/card",
        uri_of(his),
    ]
    async with stream(
        carol, {"resourceSubscriptions": uris, "resourcesListChanged": True}
    ) as heard:
        honoured = (await anext(heard))["params"]["notifications"]
        assert honoured == {"resourcesListChanged": True, "resourceSubscriptions": [uri_of(his)]}
        await requested(alice, "vault")
        await comment(web, hers)
        await comment(web, his, seeds.CAROL)
        assert (await anext(heard))["params"]["uri"] == uri_of(his)


@pytest.mark.parametrize("database_url", [MEMORY])
async def test_only_foreign_uris_are_acknowledged_as_nothing(web: Heard) -> None:
    hers = await requested(await web.wire())
    for uris in ([uri_of(hers)], [uri_of("none")], []):
        async with stream(await web.wire("carol"), {"resourceSubscriptions": uris}) as heard:
            assert (await anext(heard))["params"]["notifications"] == {}


async def test_a_feature_that_is_switched_changes_the_list_of_tools(web: Heard) -> None:
    await web.execute(DisableFeature("cancel_access_request"))
    alice = await web.wire()
    async with client_of(alice) as client, client.listen(tools_list_changed=True) as heard:
        before = await alice.tools()
        await web.execute(EnableFeature("cancel_access_request"))
        assert await next_of(heard) == ToolsListChanged()
        assert {*await alice.tools()} - {*before} == {"cancel_access_request"}


async def test_a_role_that_is_lost_changes_the_list_of_tools(web: Heard) -> None:
    async with (
        client_of(await web.wire("carol")) as client,
        client.listen(tools_list_changed=True) as heard,
    ):
        await web.execute(PutPerson(seeds.CAROL, seeds.person(seeds.CAROL, roles=())))
        assert await next_of(heard) == ToolsListChanged()


async def test_a_token_that_is_revoked_ends_the_stream(web: Heard) -> None:
    flow = web.flow()
    tokens = await flow.sign_in(web.browser())
    wire = Wire(web.http, web.issuer, tokens["access_token"])
    async with client_of(wire) as client, client.listen(resources_list_changed=True) as heard:
        revoked = {"token": tokens["refresh_token"], "client_id": flow.client_id}
        assert (await web.http.post(f"{web.issuer}/revoke", data=revoked)).status_code == 200
        assert await ended(heard)
    assert (await refused(wire, ALL)).status_code == 401


async def test_a_person_who_is_disabled_hears_nothing_more(web: Heard) -> None:
    async with (
        client_of(await web.wire("carol")) as client,
        client.listen(resources_list_changed=True) as heard,
    ):
        await web.execute(PutPerson(seeds.CAROL, seeds.person(seeds.CAROL, disabled=True)))
        assert await ended(heard)


async def test_a_token_that_expires_ends_the_stream(web: Heard) -> None:
    wire = await web.wire()
    async with client_of(wire) as client, client.listen(resources_list_changed=True) as heard:
        (subscriber,) = web.served.watch.dispatcher._all
        subscriber.expires_at = web.system.clock()
        subscriber._woken.set()
        assert await ended(heard)


@pytest.mark.parametrize("database_url", [MEMORY])
async def test_what_no_event_tells_is_found_by_the_regular_look(
    web: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.served.watch, "_poll", QUICK)
    monkeypatch.setattr(web.served.watch, "_verify", QUICK)
    wire = await web.wire()
    async with client_of(wire) as client, client.listen(resources_list_changed=True) as heard:
        await web.system.bus.call(lambda work: work.rows.execute("DELETE FROM access_token"))
        assert await ended(heard)


async def test_a_wake_up_that_is_lost_costs_time_and_no_notice(
    web: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.served.watch, "_poll", QUICK)
    monkeypatch.setattr(web.served.watch._grown, "ring", lambda: None)
    alice = await web.wire()
    request_id = await requested(alice)
    async with (
        client_of(alice) as client,
        client.listen(resource_subscriptions=[uri_of(request_id)]) as heard,
    ):
        await comment(web, request_id)
        assert await next_of(heard) == ResourceUpdated(uri_of(request_id))


async def test_a_server_that_stops_ends_its_streams_in_good_order(web: Heard) -> None:
    alice = await web.wire()
    async with stream(alice, {"resourcesListChanged": True}) as heard:
        await anext(heard)
        web.listening.stop()
        (last,) = [one async for one in heard]
    assert (last["id"], last["result"]["resultType"]) == (7, "complete")
    assert last["result"]["_meta"][SUBSCRIPTION] == 7
    assert last["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "doorward"


@pytest.mark.parametrize("database_url", [MEMORY])
async def test_a_server_that_is_about_to_end_sends_clients_to_another_at_once(web: Heard) -> None:
    alice = await web.wire()
    web.served.close_streams()
    answer = await refused(alice, ALL)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_who_takes_nothing_is_cut_off_and_no_more_is_kept_for_him(system: System) -> None:
    quick = Bounds(tick_seconds=QUICK, write_seconds=0.1)
    async with heard_of(system, quick) as web:
        alice = await web.wire()
        request_id = await requested(alice)
        reader, writer = await slow(web, alice, {"resourceSubscriptions": [uri_of(request_id)]})
        await until(lambda: web.streams == 1)
        (subscriber,) = web.served.watch.dispatcher._all
        cut_off = web.listening.connections.refused
        while not cut_off["stalled"]:
            web.served.watch.dispatcher.dispatch(Change(RequestId(request_id)))
            assert len(subscriber._untold) == 1
            await until(lambda: not subscriber._untold or cut_off["stalled"] > 0)
        await until(lambda: web.streams == 0)
        writer.transport.abort()
        assert not reader.at_eof()


async def slow(
    web: Heard, wire: Wire, notifications: object
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Listen without ever reading, under the longest name that may stand in each message."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    narrow.setblocking(False)
    port = web.system.settings.port
    await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", port))
    body = json.dumps(asking("x" * 256, notifications)).encode()
    given = {**headers_of(wire), "content-type": "application/json"}
    lines = [f"{name}: {value}" for name, value in given.items()]
    head = [
        f"POST {wire.path} HTTP/1.1",
        f"host: 127.0.0.1:{port}",
        f"content-length: {len(body)}",
    ]
    reader, writer = await asyncio.open_connection(sock=narrow, limit=4_096)
    writer.write("\r\n".join([*head, *lines, "", ""]).encode() + body)
    return reader, writer


async def test_who_hangs_up_is_forgotten_at_once_and_the_log_is_looked_at_no_more(
    web: Heard,
) -> None:
    async with stream(await web.wire(), ALL) as heard:
        await anext(heard)
        assert web.streams == 1
    await until(lambda: web.streams == 0)
    web.served.watch._grown.ring()
    await until(lambda: web.served.watch._running is None)


@pytest.mark.parametrize("database_url", [MEMORY])
async def test_a_stream_that_has_ended_leaves_nothing_that_somebody_has_to_collect(
    web: Heard,
) -> None:
    alice = await web.wire()
    gc.collect()
    gc.disable()
    try:
        async with stream(alice, ALL) as heard:
            await anext(heard)
            left = weakref.WeakSet(web.served.watch.dispatcher._all)
            assert len(left) == 1
        await until(lambda: len(left) == 0)
    finally:
        gc.enable()


@pytest.mark.parametrize("database_url", [MEMORY])
async def test_a_person_may_have_so_many_streams_and_a_process_as_well(
    web: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, carol = await web.wire(), await web.wire("carol")
    monkeypatch.setattr(listening, "MOST_OF_PERSON", 1)
    async with stream(alice, ALL) as heard:
        await anext(heard)
        too_many = await refused(alice, ALL)
        assert (too_many.status_code, too_many.headers["retry-after"]) == (429, "30")
        assert too_many.json()["id"] == 1
        async with client_of(alice) as client:
            with pytest.raises(MCPError, match="too many streams already"):
                await client.listen(tools_list_changed=True).__aenter__()
        async with stream(carol, ALL) as other:
            await anext(other)
        await until(lambda: web.streams == 1)
        monkeypatch.setattr(listening, "MOST_STREAMS", 1)
        assert (await refused(carol, ALL)).status_code == 503


@pytest.mark.parametrize("database_url", [MEMORY])
@pytest.mark.parametrize(
    ("notifications", "headers", "status"),
    [
        (ALL, {"accept": "application/json"}, 406),
        (ALL, {"mcp-method": "tools/list"}, 400),
        (ALL, {"authorization": "Bearer dwa_none"}, 401),
        (None, {}, 400),
        ("all", {}, 400),
        ({"toolsListChanged": {}}, {}, 400),
        ({"resourceSubscriptions": "doorward://requests/1"}, {}, 400),
        ({"resourceSubscriptions": [1]}, {}, 400),
    ],
)
async def test_what_is_no_request_to_listen_is_refused_and_opens_nothing(
    web: Heard, notifications: object, headers: dict[str, str], status: int
) -> None:
    answer = await refused(await web.wire(), notifications, **headers)
    assert answer.status_code == status, answer.text
    assert web.streams == 0


@pytest.mark.parametrize("database_url", [MEMORY])
async def test_an_id_that_would_swell_every_message_is_refused(web: Heard) -> None:
    alice = await web.wire()
    body = asking("x" * 257, ALL)
    answer = await alice.post(body, **{"mcp-method": "subscriptions/listen"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32602)


@pytest.mark.parametrize("database_url", [MEMORY])
async def test_hearing_of_requests_takes_the_scope_that_reading_them_takes(web: Heard) -> None:
    writer = await web.wire(scope="doorward:user:write")
    for asked in ({"resourcesListChanged": True}, {"resourceSubscriptions": [uri_of("1")]}):
        answer = await refused(writer, asked)
        assert answer.status_code == 403
        assert "doorward:user:read" in answer.headers["www-authenticate"]
    async with stream(writer, {"toolsListChanged": True}) as heard:
        assert (await anext(heard))["params"]["notifications"] == {"toolsListChanged": True}


@pytest.mark.parametrize("database_url", [MEMORY])
async def test_what_only_the_sdk_understands_is_told_the_same(web: Heard) -> None:
    alice = await web.wire()
    request_id = await requested(alice)
    uris = [uri_of(request_id), uri_of("none")]
    strange = asking(9, {"resourceSubscriptions": uris, "taskIds": []})
    strange["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = {
        "tasks": {"requests": {"sampling": {}}}
    }
    async with alice.http.stream(
        "POST", alice.resource, json=strange, headers=headers_of(alice)
    ) as answer:
        assert answer.status_code == 200
        lines = (line async for line in answer.aiter_lines() if line.startswith("data: "))
        first = json.loads((await anext(lines))[6:])
        assert first["params"]["notifications"] == {"resourceSubscriptions": uris[:1]}
        await comment(web, request_id)
        told = json.loads((await anext(lines))[6:])
        assert told["params"]["uri"] == uris[0]
        web.served.close_streams()
        last = json.loads((await anext(lines))[6:])
        assert last["result"]["_meta"][SUBSCRIPTION] == 9
    assert web.served._servers[0].sdk.built


@pytest.mark.parametrize("database_url", [MEMORY])
async def test_only_the_modern_era_says_that_changes_can_be_heard(web: Heard) -> None:
    modern, legacy = await web.wire(), await web.wire(era=LEGACY)
    told = (await modern.request("server/discover")).json()["result"]["capabilities"]
    assert all(
        told[one]["listChanged"] for one in told if one in ("tools", "prompts", "resources")
    )
    greeting = {
        "protocolVersion": LEGACY,
        "capabilities": {},
        "clientInfo": {"name": "a client", "version": "1"},
    }
    said = (await legacy.request("initialize", greeting)).json()["result"]["capabilities"]
    assert not any(one.get("listChanged") or one.get("subscribe") for one in said.values())
    assert (await web.http.get(modern.resource)).status_code == 405


@pytest.mark.parametrize("database_url", [MEMORY])
async def test_events_that_cannot_be_read_may_have_changed_anything(
    web: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await web.wire()
    request_id = await requested(alice)
    asked: dict[str, Any] = {
        "resourceSubscriptions": [uri_of(request_id)],
        "toolsListChanged": True,
    }
    async with stream(alice, asked) as heard:
        await anext(heard)
        # A worker of a later version has written it.
        monkeypatch.setattr(web.served.watch, "_log", LaterLog())
        await comment(web, request_id)
        methods = {(await anext(heard))["method"] for _ in range(2)}
        assert methods == {"notifications/tools/list_changed", "notifications/resources/updated"}


class LaterLog:
    """A log to which a worker of a later version has written."""

    def head(self) -> int:
        return 1_000_000

    def events_after(self, _position: int, _limit: int) -> list[Recorded]:
        raise Unreadable


@pytest.mark.parametrize("database_url", [MEMORY])
async def test_an_administrators_client_hears_of_its_tools_alone(web: Heard) -> None:
    await web.execute(
        PutPerson(
            seeds.BOB,
            seeds.person(seeds.BOB, roles=(Role.EMPLOYEE, Role.ADMINISTRATOR)),
        )
    )
    tokens = await web.flow("/mcp/admin").sign_in(web.browser("bob"))
    wire = Wire(web.http, web.issuer, tokens["access_token"], path="/mcp/admin")
    mine = await requested(await web.wire("bob"))
    asked = {**ALL, "resourceSubscriptions": [uri_of(mine)]}
    async with stream(wire, asked) as heard:
        honoured = (await anext(heard))["params"]["notifications"]
    assert honoured == {"toolsListChanged": True, "promptsListChanged": True}


async def test_the_earlier_era_has_no_such_method(web: Heard) -> None:
    legacy = await web.wire(era=LEGACY)
    said = (await legacy.request("subscriptions/listen", {"notifications": ALL})).json()
    assert said["error"]["code"] in (-32601, -32602)
