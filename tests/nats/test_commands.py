"""Commands over NATS against a real server: by the stream and at once, poison, outages, and what an
integration's own consumer gives up on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client
from nats.errors import NoRespondersError

from adapters import nats_commands
from adapters.jetstream import DEAD_LETTERS, EVENTS, OUTCOMES
from adapters.nats_commands import NatsCommands
from adapters.nats_connection import connect
from domain.access_request import DecisionTaken, RequestSubmitted
from domain.ports import CommandOutcome, InboundCommand, Unavailable
from domain.values import RequestId
from server.bad_file import BadFile
from server.config import Settings
from server.duties import ended
from server.integrations.answering import Answering
from server.waking import LoopBell
from server.wiring import System, open_system
from tests import seeds
from tests.integrations.test_answering import asked, bring_in, decision, events, operate
from tests.nats.integrations import signed_in
from tests.nats.test_publisher import until

pytestmark = pytest.mark.anyio


@dataclass
class Scene:
    """A system with NATS, an integration, and the reader of its commands."""

    system: System
    told: dict[str, Any]
    fault: BaseException | None = None
    """Raised once, after the command was answered; `Unavailable` before it."""

    async def answer(self, command: InboundCommand) -> CommandOutcome:
        """Answer as the system does, unless a fault is due."""
        fault, self.fault = self.fault, None
        if isinstance(fault, Unavailable):
            raise fault
        system = self.system
        outcome = await Answering(system.bus, system.clock, system.new_id)(command)
        if fault is not None:
            raise fault
        return outcome

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[NatsCommands]:
        """Let commands be read for as long as the block lasts."""
        nats = self.system.nats
        url = self.engine_url
        opened = self.system.store.open_text
        reader = NatsCommands(
            self.answer, lambda: connect(url), "main", nats.standing, opened, bell=LoopBell()
        )
        task = asyncio.create_task(reader.run())
        try:
            await until(lambda: reader.status().connected)
            yield reader
        finally:
            await ended(task)
            await asyncio.gather(task, return_exceptions=True)

    @property
    def engine_url(self) -> str:
        server = self.system.nats._server
        assert server is not None
        return server.reader_url

    @asynccontextmanager
    async def integration(self) -> AsyncIterator[Client]:
        """Sign in as the integration does."""
        key = type("Key", (), {"secret": self.told["nats_seed"], "public": ""})()
        async with signed_in(self.told["nats_url"], key) as client:
            yield client


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    settings = Settings(data_dir=tmp_path / "data")
    with open_system(settings) as system, system.nats.open():
        seeds.seed_system(system)
        told = operate(system, "integration add", name="auto", rights=["decide", "subscribe"])
        operate(system, "integration add", name="directory", rights=["fulfil"])
        bring_in(system)
        yield Scene(system, told)


async def send(client: Client, request_id: str, body: object, **headers: str) -> None:
    """Put a command into the stream."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    subject = f"doorward.main.cmd.decide.auto.crm.{request_id}"
    await client.jetstream().publish(subject, raw, headers=headers or None)


async def outcome(client: Client) -> dict[str, Any]:
    """Return what the integration is told next."""
    mine = await client.jetstream().pull_subscribe_bind("auto", OUTCOMES)
    (message,) = await mine.fetch(1, 20)
    await message.ack_sync()
    return dict(json.loads(message.data)["data"])


async def test_both_ways_lead_to_the_same_outcome(scene: Scene) -> None:
    first, second = await asked(scene.system), RequestId("r-none")
    async with scene.reading(), scene.integration() as client:
        await send(client, first, decision(first))
        told = await outcome(client)
        assert (told["accepted"], told["replayed"]) == (True, False)
        subject = "doorward.main.api.auto.decide"
        again = await client.request(subject, json.dumps(decision(first)).encode(), timeout=10)
        assert json.loads(again.data or b"{}") == {**told, "replayed": True}, again
        none = json.dumps({**decision(second), "decision_id": "d-2"}).encode()
        refused = await client.request(subject, none, timeout=10)
        assert refused.headers is not None
        assert refused.headers["Nats-Service-Error"] == "not_found"
        assert json.loads(refused.data)["accepted"] is False
        bad = await client.request(subject, b"{", timeout=10)
        assert bad.headers is not None
        assert bad.headers["Nats-Service-Error-Code"] == "400"


async def test_what_was_sent_while_the_engine_was_down_is_answered_when_it_is_up(
    scene: Scene,
) -> None:
    request_id = await asked(scene.system)
    async with scene.integration() as client:
        async with scene.reading():
            """The streams are made, and the engine goes down."""
        await send(client, request_id, decision(request_id))
        async with scene.reading():
            assert (await outcome(client))["accepted"]


@pytest.mark.parametrize(
    ("body", "headers", "why"),
    [
        (b"{", {}, "the body is not JSON"),
        (b"\xff", {}, "the body is not JSON"),
        (b"x" * 65_000, {}, "the body is not JSON"),
        (b'{"decision_id": "d", "request_id": "other", "decision": "approve"}', {}, "different"),
        (b"{}", {"Nats-Stream": "DOORWARD_EVENTS"}, "is not a sender's to write"),
    ],
)
async def test_poison_is_set_aside_whole_and_the_next_command_is_answered(
    scene: Scene, body: bytes, headers: dict[str, str], why: str
) -> None:
    request_id = await asked(scene.system)
    async with scene.reading() as reader, scene.integration() as client:
        await send(client, request_id, body, **headers)
        await send(client, request_id, decision(request_id))
        assert (await outcome(client))["accepted"]
        assert reader.status().set_aside == 1
    async with signed_in(scene.engine_url) as engine:
        letter = await engine.jetstream().get_msg(DEAD_LETTERS, 1)
    assert letter.data == body
    assert letter.headers is not None
    assert why in letter.headers["Doorward-Reason"]
    assert letter.headers["Doorward-Subject"].endswith(request_id)


async def test_while_the_store_is_away_a_command_is_kept_and_comes_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nats_commands, "RETRY_SECONDS", 0.1)
    request_id = await asked(scene.system)
    async with scene.reading(), scene.integration() as client:
        scene.fault = Unavailable("the disk is gone")
        await send(client, request_id, decision(request_id))
        assert (await outcome(client))["accepted"]


async def test_what_dies_between_commit_and_acknowledgement_counts_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nats_commands, "ACK_SECONDS", 1.0)
    request_id = await asked(scene.system)
    async with scene.reading(), scene.integration() as client:
        scene.fault = ConnectionError("cut off")
        await send(client, request_id, decision(request_id))
        told = await outcome(client)
    assert (told["accepted"], told["replayed"]) == (True, True)
    assert len(events(scene.system, DecisionTaken)) == 1


async def test_what_an_integrations_consumer_gives_up_on_is_a_dead_letter(scene: Scene) -> None:
    async with scene.reading(), scene.integration() as client:
        async with signed_in(scene.system.nats._server.url) as engine:  # type: ignore[union-attr]
            await engine.jetstream().publish("doorward.main.evt.app.added.crm.crm", b"news")
        mine = await client.jetstream().pull_subscribe_bind("auto", EVENTS)
        (message,) = await mine.fetch(1, 10)
        await message.term()
        async with signed_in(scene.engine_url) as engine:
            async with asyncio.timeout(20):
                while (await engine.jetstream().stream_info(DEAD_LETTERS)).state.messages == 0:
                    await asyncio.sleep(0.05)
            letter = await engine.jetstream().get_msg(DEAD_LETTERS, 1)
    assert letter.data == b"news"
    assert letter.subject == f"doorward.main.dlq.{EVENTS}.auto"


async def test_an_operator_sees_the_dead_letters_answers_or_forgets_them(scene: Scene) -> None:
    request_id = await asked(scene.system)
    async with scene.reading(), scene.integration() as client:
        await send(client, request_id, b"{")
        await send(client, request_id, decision(request_id), Status="503")
        await send(client, RequestId("r-none"), {**decision("r-none"), "decision_id": "d-2"})
        await outcome(client)

        def ask(operation: str, **wish: Any) -> dict[str, Any]:
            return operate(scene.system, operation, **wish)

        listed = (await asyncio.to_thread(ask, "dlq list"))["letters"]
        assert [one["number"] for one in listed] == [2, 1]
        assert listed[1]["reason"] == "the body is not JSON"
        shown = await asyncio.to_thread(ask, "dlq show", number=1)
        assert shown["body"] == "{"
        with pytest.raises(BadFile, match="no command that could be read"):
            await asyncio.to_thread(ask, "dlq retry", number=1)
        assert (await asyncio.to_thread(ask, "dlq retry", number=2))["accepted"]
        assert (await asyncio.to_thread(ask, "dlq discard", number=1))["discarded"] == 1
        with pytest.raises(BadFile, match="there is no dead letter 1"):
            await asyncio.to_thread(ask, "dlq show", number=1)
        status = await asyncio.to_thread(ask, "nats status")
        assert status["dead_letters"] == 0
        assert {one["name"] for one in status["consumers"]} == {"auto", "directory"}


async def test_sealed_text_is_opened_for_a_subscriber_until_its_person_is_forgotten(
    scene: Scene,
) -> None:
    await asked(scene.system)
    (submitted,) = events(scene.system, RequestSubmitted)
    said = submitted.justification
    wish = {"texts": [{"subject": said.subject, "sealed": said.sealed}]}
    subject = "doorward.main.api.auto.open"
    async with scene.reading(), scene.integration() as client:

        async def ask(body: object) -> Any:
            return await client.request(subject, json.dumps(body).encode(), timeout=10)

        assert json.loads((await ask(wish)).data) == {"texts": [said.text]}
        bad: object
        for bad in ([], {"texts": [{"subject": said.subject}]}, {"texts": wish["texts"] * 101}):
            assert (await ask(bad)).headers["Nats-Service-Error-Code"] == "400"
        broken = {"texts": [{"subject": "p-bob", "sealed": said.sealed}]}
        assert json.loads((await ask(broken)).data or b"{}") == {}
        with scene.system.store.write() as transaction:
            transaction.forget(said.subject)
        assert json.loads((await ask(wish)).data) == {"texts": [None]}


async def test_no_text_is_opened_for_who_may_not_read_events(scene: Scene) -> None:
    scene.told = operate(scene.system, "integration add", name="decider", rights=["decide"])
    async with scene.reading(), scene.integration() as client:
        for name in ("decider", "auto"):
            with pytest.raises(NoRespondersError):
                await client.request(f"doorward.main.api.{name}.open", b'{"texts":[]}', timeout=10)
