"""A `traceparent` goes from the request into the event, and from there to whoever hears of it; whether or not
anybody records traces here."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from adapters.cloud_events import to_message
from adapters.event_codec import decode, encode
from domain.access_request import RequestSubmitted
from domain.catalog import AppRecord, PutApp
from domain.envelope import Recorded
from domain.person import PutPerson
from domain.trace_context import traceparent
from domain.values import Actor, AppId, Via
from server.command_bus import CommandContext, UnitOfWork
from server.telemetry.current import within
from tests import seeds
from tests.mcp.wire import LEGACY, MODERN
from tests.telemetry.test_trace_context import GOOD, HOSTILE
from tests.web import Web

pytestmark = pytest.mark.anyio
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}
CALL = {
    "name": "submit_access_request",
    "arguments": {"app_id": "wiki", "business_justification": "To write"},
}


def submitted(web: Web) -> Recorded:
    """Return the event of the only request."""
    log = web.system.store.events_after(0, 10_000)
    (found,) = [one for one in log if isinstance(one.envelope.event, RequestSubmitted)]
    return found


async def submit(web: Web, era: str, meta: object, **headers: str) -> Recorded:
    wire = await web.wire(era=era)
    params = {**CALL, "_meta": {**(META if era == MODERN else {}), "traceparent": meta}}
    if era == MODERN:
        headers |= {"mcp-method": "tools/call", "mcp-name": "submit_access_request"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    answer = await wire.post(body, **headers)
    assert answer.status_code == 200, answer.text
    return submitted(web)


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_that_of_the_calls_meta_is_in_the_event(small_web: Web, era: str) -> None:
    assert (await submit(small_web, era, GOOD)).envelope.traceparent == GOOD


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_that_of_the_header_counts_where_the_call_has_none(small_web: Web, era: str) -> None:
    found = await submit(small_web, era, "no such thing", traceparent=GOOD)
    assert found.envelope.traceparent == GOOD


@pytest.mark.parametrize("sent", [one for one in HOSTILE if not isinstance(one, bytes)], ids=repr)
async def test_a_hostile_one_is_not_stored(small_web: Web, sent: object) -> None:
    found = await submit(small_web, MODERN, sent)
    assert found.envelope.traceparent is None


async def test_what_follows_from_an_event_is_part_of_its_trace(small_web: Web) -> None:
    await submit(small_web, MODERN, None)
    before = small_web.system.store.head()
    gone = PutPerson(seeds.ALICE, seeds.person(seeds.ALICE, disabled=True))
    with within(traceparent(GOOD)):
        context = CommandContext(Actor(Via.SCIM), small_web.system.clock(), "c")
    await small_web.system.bus.execute(gone, context)
    log = [one.envelope for one in small_web.system.store.events_after(before, 100)]
    assert [one for one in log if one.causation_id]
    assert {one.traceparent for one in log} == {GOOD}


async def test_a_job_of_the_writer_is_part_of_the_trace_that_asked_for_it(small_web: Web) -> None:
    def job(work: UnitOfWork) -> None:
        context = CommandContext(Actor(Via.SYSTEM), small_web.system.clock(), "c")
        work.execute(PutApp(AppId("new"), AppRecord("New", "")), context)

    with within(traceparent(GOOD)):
        await small_web.system.bus.call(job)
    await small_web.system.bus.call(lambda work: work.execute(*_other(small_web)))
    traces = [one.envelope.traceparent for one in small_web.system.store.events_after(0, 1000)]
    assert traces[-2:] == [GOOD, None]


def _other(web: Web) -> tuple[PutApp, CommandContext]:
    context = CommandContext(Actor(Via.SYSTEM), web.system.clock(), "c")
    return PutApp(AppId("other"), AppRecord("Other", "")), context


async def test_an_event_goes_out_with_it(small_web: Web) -> None:
    found = await submit(small_web, MODERN, GOOD)
    message = to_message(found, "main")
    assert message.headers["traceparent"] == GOOD
    assert json.loads(message.payload)["traceparent"] == GOOD


async def test_an_event_without_one_is_stored_and_sent_as_it_always_was(small_web: Web) -> None:
    found = await submit(small_web, MODERN, None)
    bare, traced = found.envelope, replace(found.envelope, traceparent=traceparent(GOOD))
    assert b"trace" not in encode(bare)
    assert encode(traced) == encode(bare)[:-1] + f',"trace":"{GOOD}"}}'.encode()
    topic = bare.event.TOPIC
    assert decode(topic, bare.stream, bare.version, encode(traced)) == traced
    assert decode(topic, bare.stream, bare.version, encode(bare)) == bare
    message = to_message(found, "main")
    assert "traceparent" not in message.headers
    assert "traceparent" not in json.loads(message.payload)
