"""Operators see who listens for changes: how many streams are open, what is told, and why streams end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable

import anyio
import pytest

from adapters.open_store import MEMORY
from domain.access_request import CommentOnRequest
from domain.values import RequestId
from server.http_server.bounds import Bounds
from server.mcp.subscriptions.changes import Change
from server.observation.parts import pulse
from server.wiring import System
from tests import seeds
from tests.mcp.hearing import Heard, asking, headers_of, heard_of, stream, until, uri_of
from tests.mcp.test_subscriptions import requested, slow
from tests.telemetry.scraping import Scraped, scraped

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", [MEMORY])]
OPEN, TOLD, ENDED = (
    "doorward_subscriptions",
    "doorward_subscription_notices_total",
    "doorward_subscriptions_ended_total",
)
LISTS = {"toolsListChanged": True, "resourcesListChanged": True}


@pytest.fixture
async def listened(heard: System) -> AsyncIterator[Heard]:
    """A server on a socket that measures itself, whose clients are cut off soon if they take nothing."""
    async with heard_of(heard, Bounds(tick_seconds=0.02, write_seconds=0.1)) as served:
        streams = served.served.watch.dispatcher.open
        measuring = pulse(heard, served.listening.connections, streams)
        assert measuring is not None
        async with anyio.create_task_group() as group:
            group.start_soon(_run, measuring)
            yield served
            group.cancel_scope.cancel()


async def _run(measuring: Callable[[], Awaitable[None]]) -> None:
    await measuring()


async def seen(web: Heard, name: str, value: float, **labels: str) -> Scraped:
    """Wait until a metric has this value."""
    with anyio.fail_after(20):
        while (metrics := await scraped(web)).value(name, **labels) != value:
            await anyio.sleep(0.05)
    return metrics


async def test_open_streams_are_shown_while_they_are_open_and_none_is_a_number(
    listened: Heard,
) -> None:
    alice = await listened.wire()
    none = await seen(listened, OPEN, 0)
    assert {labels["resource"] for name, labels, _ in none.samples if name == OPEN} >= {
        "/mcp/user"
    }
    async with stream(alice, LISTS) as first, stream(alice, LISTS) as second:
        await anext(first)
        await anext(second)
        await seen(listened, OPEN, 2, resource="/mcp/user")
    await seen(listened, OPEN, 0)
    await seen(listened, ENDED, 2, reason="client_left", resource="/mcp/user")


async def test_notices_are_counted_by_what_they_tell_and_name_no_request(listened: Heard) -> None:
    alice = await listened.wire()
    request_id = await requested(alice)
    async with stream(alice, {**LISTS, "resourceSubscriptions": [uri_of(request_id)]}) as heard:
        await anext(heard)
        said = CommentOnRequest(
            RequestId(request_id), seeds.ALICE, "For the audit", listened.system.clock()
        )
        await listened.execute(said)
        await anext(heard)
        await requested(alice, "vault")
        await anext(heard)
        metrics = await scraped(listened)
    assert metrics.value(TOLD, notice="resources/updated", resource="/mcp/user") == 1
    assert metrics.value(TOLD, notice="resources/list_changed") == 1
    assert metrics.value(TOLD) == 2
    assert request_id not in metrics.text


async def test_a_stream_whose_token_ends_says_so(listened: Heard) -> None:
    flow = listened.flow()
    tokens = await flow.sign_in(listened.browser())
    alice = await listened.wire()
    alice.token = tokens["access_token"]
    async with stream(alice, LISTS) as heard:
        await anext(heard)
        given = {"token": alice.token, "client_id": flow.client_id}
        assert (await listened.http.post(f"{listened.issuer}/revoke", data=given)).is_success
        (last,) = [one async for one in heard]
    assert "result" in last
    await seen(listened, ENDED, 1, reason="token_ended")
    assert (await scraped(listened)).value(ENDED) == 1


async def test_streams_that_the_end_of_the_server_ends_say_so(listened: Heard) -> None:
    alice = await listened.wire()
    async with stream(alice, LISTS) as heard:
        await anext(heard)
        listened.served.close_streams()
        assert [one async for one in heard]
    await seen(listened, ENDED, 1, reason="server_stops")


async def test_who_takes_nothing_is_told_from_who_leaves(listened: Heard) -> None:
    alice = await listened.wire()
    request_id = await requested(alice)
    _reader, writer = await slow(listened, alice, {"resourceSubscriptions": [uri_of(request_id)]})
    await until(lambda: listened.streams == 1)
    (subscriber,) = listened.served.watch.dispatcher._all
    cut_off = listened.listening.connections.refused
    while not cut_off["stalled"]:
        listened.served.watch.dispatcher.dispatch(Change(RequestId(request_id)))
        await until(lambda: not subscriber._untold or cut_off["stalled"] > 0)
    await until(lambda: listened.streams == 0)
    writer.transport.abort()
    await seen(listened, ENDED, 1, reason="too_slow")
    assert (await scraped(listened)).value(ENDED) == 1


async def test_a_stream_behind_the_sdk_is_counted_as_any_other(listened: Heard) -> None:
    alice = await listened.wire()
    strange = asking(9, {**LISTS, "taskIds": []})
    strange["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = {
        "tasks": {"requests": {"sampling": {}}}
    }
    async with alice.http.stream(
        "POST", alice.resource, json=strange, headers=headers_of(alice)
    ) as answer:
        lines = (line async for line in answer.aiter_lines() if line.startswith("data: "))
        await anext(lines)
        await seen(listened, OPEN, 1)
        await requested(alice)
        told = json.loads((await anext(lines)).removeprefix("data: "))
        assert told["method"] == "notifications/resources/list_changed"
    await seen(listened, ENDED, 1, reason="client_left")
    assert (await scraped(listened)).value(TOLD, notice="resources/list_changed") == 1
