"""Traces as a collector gets them, from real processes: one trace from the tool's call to the message on NATS."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import httpx
import nats
import pytest
from nats.aio.msg import Msg

from tests.browser import FormBrowser
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.oauth.flow import Flow
from tests.running import RunningServer
from tests.telemetry.collector import Collector, Received
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.anyio
TRACE, CLIENTS_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SENT = f"00-{TRACE}-{CLIENTS_SPAN}-01"
REASON = "a reason that only alice knows"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().listening() as listening:
        yield listening


@pytest.fixture
def served(tmp_path: Path, collector: Collector, receiver: Receiver) -> Iterator[RunningServer]:
    """A server that sends its traces, with a webhook."""
    settings = {
        "DOORWARD_OTLP_URL": collector.url,
        "DOORWARD_WEBHOOK_INSECURE": "on",
        "DOORWARD_LOG": "json",
        # What the SDK waits before it sends.
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    running = RunningServer(tmp_path / "data", settings).start()
    added = running.run("webhook", "add", "hook", receiver.url, "--events", "access_request.*")
    assert added.returncode == 0, added.stderr
    yield running
    running.stop()


async def until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not there():
            await asyncio.sleep(0.02)


async def called(
    server: RunningServer, era: str, http: httpx.AsyncClient, **sent: str
) -> httpx.Response:
    """Submit a request, as part of a trace by `_meta` or by a header."""
    async with FormBrowser(server.issuer) as browser:
        tokens = await Flow(http, server.issuer).sign_in(browser)
    wire = Wire(http, server.issuer, tokens["access_token"], era)
    arguments = {
        "app_id": "github",
        "requestable_permission_ids": ["github:organization-member"],
        "business_justification": REASON,
    }
    meta: dict[str, object] = {"traceparent": sent["meta"]} if "meta" in sent else {}
    headers = {"traceparent": sent["header"]} if "header" in sent else {}
    if era == MODERN:
        meta["io.modelcontextprotocol/protocolVersion"] = MODERN
        meta["io.modelcontextprotocol/clientCapabilities"] = {}
        headers |= {"mcp-method": "tools/call", "mcp-name": "submit_access_request"}
    params = {"name": "submit_access_request", "arguments": arguments, "_meta": meta}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    answer = await wire.post(body, **headers)
    assert answer.status_code == 200, answer.text
    assert not answer.json()["result"].get("isError"), answer.text
    return answer


async def published(server: RunningServer, topic: str) -> Msg:
    """Return the message of the only event of a topic."""
    folder = server.folder / "nats"
    port = re.search(r"listen: 127.0.0.1:(\d+)", (folder / "server.conf").read_text())
    assert port is not None
    secret = (folder / "secret").read_text().strip()
    client = await nats.connect(f"nats://doorward:{secret}@127.0.0.1:{port.group(1)}")
    try:
        subscription = await client.jetstream().subscribe(
            f"doorward.main.evt.{topic}.>", ordered_consumer=True
        )
        return await subscription.next_msg(30)
    finally:
        await client.close()


def chain(spans: dict[str, Received], *names: str) -> None:
    """Each span is the parent of the next."""
    for parent, child in pairwise(names):
        assert spans[child].parent_id == spans[parent].span_id, (parent, child)


async def test_one_trace_runs_from_the_tool_to_the_message_and_the_webhook(
    served: RunningServer, collector: Collector, receiver: Receiver
) -> None:
    async with httpx.AsyncClient(timeout=30) as http:
        answer = await called(served, MODERN, http, meta=SENT)
        metrics = (await http.get(f"{served.issuer}/metrics")).text
    message = await published(served, "access_request.submitted")
    tool, command = "tools/call submit_access_request", "command submit_request"
    publish, deliver = "publish access_request.submitted", "deliver to webhook"
    wanted = {tool, command, publish, deliver, "job"}
    await until(lambda: wanted <= set(collector.of_trace(TRACE)))
    spans = collector.of_trace(TRACE)
    assert spans[tool].parent_id == CLIENTS_SPAN
    chain(spans, tool, command, publish)
    assert spans[deliver].parent_id == spans[command].span_id
    assert message.headers is not None
    assert message.headers["traceparent"] == f"00-{TRACE}-{spans[command].span_id}-01"
    calls = [one.headers for one in receiver.calls if "traceparent" in one.headers]
    assert f"00-{TRACE}-" in calls[0]["traceparent"]
    delivered = {one.span_id for one in collector.named(deliver)}
    assert calls[0]["traceparent"].split("-")[2] in delivered
    assert spans[tool].attributes["gen_ai.tool.name"] == "submit_access_request"
    assert spans["job"].parent_id == spans[tool].span_id
    assert spans["job"].seconds >= spans[command].seconds
    commits = [one for one in collector.named("group commit") if spans[tool].span_id in one.links]
    assert commits
    await until(lambda: bool(collector.named("POST /mcp/user")))
    nothing_personal("\n".join(collector.text), answer)
    nothing_personal(metrics, answer)


def nothing_personal(told: str, answer: httpx.Response) -> None:
    """Search all that was told for what must not be there."""
    request = answer.json()["result"]["structuredContent"]["access_requests"][0]["id"]
    text = told.lower()
    secret = ("alice", "bob", "example.com", REASON, "github", request, "bearer", "127.0.0.1")
    assert len(text) > 1_000
    assert not [one for one in secret if one in text]


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_a_trace_of_the_header_goes_through_the_span_of_the_request(
    served: RunningServer, collector: Collector, era: str
) -> None:
    async with httpx.AsyncClient(timeout=30) as http:
        await called(served, era, http, header=SENT)
    tool, publish = "tools/call submit_access_request", "publish access_request.submitted"
    await until(lambda: {"POST /mcp/user", tool, publish} <= set(collector.of_trace(TRACE)))
    spans = collector.of_trace(TRACE)
    assert spans["POST /mcp/user"].parent_id == CLIENTS_SPAN
    chain(spans, "POST /mcp/user", tool, "command submit_request", publish)
    assert spans["POST /mcp/user"].attributes["http.response.status_code"] == 200


async def test_a_request_without_a_trace_begins_one(
    served: RunningServer, collector: Collector
) -> None:
    async with httpx.AsyncClient(timeout=30) as http:
        await called(served, MODERN, http)
    message = await published(served, "access_request.submitted")
    assert message.headers is not None
    trace = message.headers["traceparent"].split("-")[1]
    await until(lambda: "POST /mcp/user" in collector.of_trace(trace))
    assert collector.of_trace(trace)["POST /mcp/user"].parent_id == ""


async def test_a_caller_who_does_not_record_is_carried_and_not_recorded(
    served: RunningServer, collector: Collector
) -> None:
    unsampled = SENT[:-2] + "00"
    async with httpx.AsyncClient(timeout=30) as http:
        await called(served, MODERN, http, meta=unsampled, header=unsampled)
        await http.get(f"{served.issuer}/healthz")
    message = await published(served, "access_request.submitted")
    assert message.headers is not None
    assert message.headers["traceparent"].split("-")[1::2] == [TRACE, "00"]
    await until(lambda: bool(collector.named("GET /healthz")))
    assert collector.of_trace(TRACE) == {}
