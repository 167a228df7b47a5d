"""The event stream against the log, on a real server: what is published is what the log gives, and what is not is
named; checkpoints lie in a stream that gives nothing back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nats.js.errors
import pytest
from nats.js import JetStreamContext

from adapters import stream_audit
from adapters.cloud_events import to_message
from adapters.jetstream import CHECKPOINTS, EVENTS, ensure_streams
from adapters.nats_connection import close, connect
from adapters.nats_publisher import NatsPublisher
from server.config import Settings
from server.operations import OPERATIONS
from server.wiring import StartFailed, System, open_system
from tests import seeds
from tests.nats.test_publisher import until

pytestmark = pytest.mark.anyio


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with open_system(Settings(data_dir=tmp_path / "data")) as opened, opened.nats.open():
        seeds.seed_system(opened)
        yield opened


async def publish(system: System) -> None:
    """Let the publisher come to the head of the log."""
    publisher = system.nats.publisher
    assert isinstance(publisher, NatsPublisher)
    running = asyncio.create_task(publisher.run())
    try:
        await until(lambda: publisher.status().position == system.store.head())
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def audited(system: System) -> dict[str, Any]:
    return await asyncio.to_thread(
        OPERATIONS["audit stream"], system, b"{}", lambda _progress: None
    )


async def jetstream(system: System) -> JetStreamContext:
    server = system.nats._server
    assert server is not None
    client = await connect(server.url)
    return client.jetstream()


async def test_a_stream_that_holds_what_the_log_gives_is_whole(system: System) -> None:
    assert (await audited(system))["messages"] == 0
    await publish(system)
    found = await audited(system)
    head = system.store.head()
    assert (found["messages"], found["first"], found["last"]) == (head, 1, head)
    assert found["broken"] is None


async def test_a_stream_stays_whole_when_a_person_is_forgotten(system: System) -> None:
    await publish(system)
    with system.store.write() as transaction:
        transaction.forget(seeds.ALICE)
    assert (await audited(system))["broken"] is None


@pytest.mark.parametrize("wrong", ["content", "subject", "id", "position", "more"])
async def test_a_message_that_the_log_does_not_give_is_named(system: System, wrong: str) -> None:
    js = await jetstream(system)
    await publish(system)
    await asyncio.to_thread(
        system.bus.call_blocking,
        lambda work: work.execute(seeds.submission("r-1"), seeds.CONTEXT),
    )
    head = (await js.stream_info(EVENTS)).state.last_seq
    (recorded,) = system.store.events_after(head, 1)
    message = to_message(recorded, "main")
    subject, headers, body = message.subject, dict(message.headers), json.loads(message.payload)
    match wrong:
        case "content":
            body["data"]["target"] = "p-carol"
        case "more":
            body["data"]["approved"] = True
        case "subject":
            subject = subject.replace(".crm.", ".wiki.")
        case "id":
            headers["Nats-Msg-Id"] = "another"
        case _:
            headers["Doorward-Position"] = str(head + 2)
    await js.publish(subject, json.dumps(body).encode(), headers=headers)
    found = await audited(system)
    assert found["messages"] == head
    assert found["broken"]["position"] == head + 1
    assert f"in the stream, sequence {head + 1}" in found["broken"]["why"]
    await close(js._nc)


async def test_a_body_of_an_older_version_may_lack_fields(system: System) -> None:
    js = await jetstream(system)
    await publish(system)
    await asyncio.to_thread(
        system.bus.call_blocking,
        lambda work: work.execute(seeds.submission("r-1"), seeds.CONTEXT),
    )
    head = (await js.stream_info(EVENTS)).state.last_seq
    (recorded,) = system.store.events_after(head, 1)
    message = to_message(recorded, "main")
    body = json.loads(message.payload)
    del body["data"]["emergency"]
    await js.publish(message.subject, json.dumps(body).encode(), headers=message.headers)
    assert (await audited(system))["broken"] is None
    await close(js._nc)


async def test_checkpoints_lie_where_nobody_can_take_them_back(system: System) -> None:
    await asyncio.to_thread(OPERATIONS["audit checkpoint"], system, b"{}", lambda _progress: None)
    stream = system.nats.checkpoints
    assert stream is not None
    (kept,) = await stream.read()
    assert kept.note.startswith("doorward/main\n11\n")
    await stream.put(11, kept)
    assert await stream.read() == [kept]
    js = await jetstream(system)
    with pytest.raises(nats.js.errors.APIError):
        await js.delete_msg(CHECKPOINTS, 1)
    with pytest.raises(nats.js.errors.APIError):
        await js.purge_stream(CHECKPOINTS)
    await close(js._nc)


@pytest.mark.parametrize("position", ["9" * 30, "9" * 5_000])
async def test_a_position_beyond_all_bounds_is_named_like_any_other(
    system: System, position: str
) -> None:
    js = await jetstream(system)
    await ensure_streams(js, "main")
    headers = {"Doorward-Position": position, "Nats-Msg-Id": "x"}
    await js.publish("doorward.main.evt.person.x.x", b"{}", headers=headers)
    found = await audited(system)
    assert (found["messages"], found["broken"]["position"]) == (0, 1)
    await close(js._nc)


async def test_a_stream_that_does_not_give_all_is_not_said_to_be_whole(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(system)

    async def more(*_stream: object) -> int:
        return system.store.head() + 1

    monkeypatch.setattr(stream_audit, "FETCH_SECONDS", 0.2)
    monkeypatch.setattr(stream_audit, "last_sequence", more)
    with pytest.raises(StartFailed):
        await audited(system)
