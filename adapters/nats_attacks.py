"""What an integration must not be able to do on NATS, tried: each attack is made with the rights of a
real integration, and what it did is looked up with Doorward's own. They are the confused-deputy attacks
that work where integrations share one account, and the plain ones besides."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import nats.errors
import nats.js.errors
from nats.aio.client import Client

from adapters.jetstream import commands_stream, events_stream, outcomes_stream
from domain.messaging import AttackResult

WAIT_SECONDS = 1
BODY = b'{"doctor": "tries whether this server is safe"}'
NOT_STORED = {"Nats-Expected-Stream": "DOCTOR"}
"""With this a message that its sender may publish is refused by the stream, which answers that to the reply
subject as it would acknowledge: what is tried is where the answer lands, and no command is left for a reader
who could only set it aside."""
FAULTS = (nats.errors.Error, nats.js.errors.Error, TimeoutError, asyncio.TimeoutError)


@dataclass(frozen=True, slots=True)
class Scene:
    """Who attacks whom: the connection and name of an integration, the name of another, and a
    connection of Doorward's own that sees what came of it."""

    attacker: Client
    name: str
    victim: str
    engine: Client
    tenant: str

    def own(self, kind: str) -> str:
        """Return a command subject of the attacker's own."""
        return self._command(kind, self.name)

    def others(self, kind: str) -> str:
        """Return a command subject of the victim's."""
        return self._command(kind, self.victim)

    def _command(self, kind: str, name: str) -> str:
        return f"doorward.{self.tenant}.cmd.{kind}.{name}.doctor.doctor"

    @property
    def event(self) -> str:
        """Return the subject of an event."""
        return f"doorward.{self.tenant}.evt.access_request.approved.doctor.doctor"

    async def stored(self, subject: str) -> int:
        """Return how many messages the streams keep under a subject."""
        jetstream = self.engine.jetstream()
        total = 0
        for stream in (events_stream(self.tenant), commands_stream(self.tenant)):
            state = (await jetstream.stream_info(stream, subjects_filter=subject)).state
            total += sum((state.subjects or {}).values())
        return total


Attack = Callable[[Scene], Awaitable[str]]
"""Makes the attack; returns what it achieved, nothing if it was in vain."""


async def _lands(scene: Scene, subject: str, sending: Awaitable[object]) -> str:
    """Say whether a message came to stand under a subject that is not its sender's."""
    before = await scene.stored(subject)
    try:
        await sending
        await scene.attacker.flush(timeout=WAIT_SECONDS)
    except FAULTS:
        pass
    await scene.engine.flush(timeout=WAIT_SECONDS)
    return f"a message stands under {subject}" if await scene.stored(subject) > before else ""


async def _publish_event(scene: Scene) -> str:
    sent = scene.attacker.request(scene.event, BODY, timeout=WAIT_SECONDS)
    return await _lands(scene, scene.event, sent)


async def _publish_as_other(scene: Scene) -> str:
    subject = scene.others("decide")
    return await _lands(
        scene, subject, scene.attacker.request(subject, BODY, timeout=WAIT_SECONDS)
    )


async def _reply_to_event(scene: Scene) -> str:
    return await _lands(scene, scene.event, _published(scene, reply=scene.event))


async def _reply_to_other(scene: Scene) -> str:
    subject = scene.others("decide")
    return await _lands(scene, subject, _published(scene, reply=subject))


def _published(scene: Scene, reply: str) -> Awaitable[object]:
    return scene.attacker.publish(scene.own("decide"), BODY, reply=reply, headers=NOT_STORED)


async def _next_to_other(scene: Scene) -> str:
    subject = scene.others("decide")
    following = f"$JS.API.CONSUMER.MSG.NEXT.{events_stream(scene.tenant)}.{scene.name}"
    return await _lands(scene, subject, scene.attacker.publish(following, b"1", reply=subject))


async def _answered(scene: Scene, subject: str, body: bytes) -> str:
    try:
        answer = await scene.attacker.request(subject, body, timeout=WAIT_SECONDS)
    except FAULTS:
        return ""
    if b'"error"' in answer.data or b"Nats-Service-Error" in str(answer.headers).encode():
        return ""
    return f"{subject} was answered"


async def _make_consumer(scene: Scene) -> str:
    stream = events_stream(scene.tenant)
    # Events, delivered to where another integration's questions are answered.
    target = f"doorward.{scene.tenant}.api.{scene.victim}.decide"
    config = {"durable_name": "doctor", "ack_policy": "none", "deliver_subject": target}
    body = json.dumps({"stream_name": stream, "config": config}).encode()
    made = await _answered(scene, f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.doctor", body)
    if made:
        await _answered(scene, f"$JS.API.CONSUMER.DELETE.{stream}.doctor", b"")
    return made


async def _purge(scene: Scene) -> str:
    return await _answered(scene, f"$JS.API.STREAM.PURGE.{outcomes_stream(scene.tenant)}", b"{}")


async def _read_message(scene: Scene) -> str:
    body = json.dumps({"seq": 1}).encode()
    return await _answered(scene, f"$JS.API.STREAM.MSG.GET.{events_stream(scene.tenant)}", body)


async def _other_outcomes(scene: Scene) -> str:
    following = f"$JS.API.CONSUMER.MSG.NEXT.{outcomes_stream(scene.tenant)}.{scene.victim}"
    body = json.dumps({"batch": 1, "no_wait": True}).encode()
    return await _answered(scene, following, body)


async def _ask_as_other(scene: Scene) -> str:
    return await _answered(scene, f"doorward.{scene.tenant}.api.{scene.victim}.decide", BODY)


async def _listen(scene: Scene) -> str:
    subscription = await scene.attacker.subscribe(">")
    try:
        await scene.attacker.flush(timeout=WAIT_SECONDS)
        await scene.engine.publish(f"doorward.{scene.tenant}.out.{scene.victim}.doctor", b"")
        # What is heard is waited for, not looked for once: a cluster passes it on in its own time.
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                heard = (await subscription.next_msg(timeout=WAIT_SECONDS)).subject
                if heard.startswith(f"doorward.{scene.tenant}."):
                    return f"it heard {heard}"
    except FAULTS:
        return ""
    finally:
        await subscription.unsubscribe()


ATTACKS: dict[str, Attack] = {
    "publish an event": _publish_event,
    "publish a decision as another integration": _publish_as_other,
    "have an acknowledgement stored as an event": _reply_to_event,
    "have an acknowledgement stored as another's decision": _reply_to_other,
    "have events delivered as another's decision": _next_to_other,
    "make a consumer": _make_consumer,
    "purge a stream": _purge,
    "read a stream past its own consumer": _read_message,
    "read another's outcomes": _other_outcomes,
    "ask in another's name": _ask_as_other,
    "listen to everything": _listen,
}


async def try_attacks(scene: Scene) -> list[AttackResult]:
    """Make every attack, one after the other; return what came of each."""
    results = []
    for name, attack in ATTACKS.items():
        achieved = await attack(scene)
        results.append(AttackResult(name, not achieved, achieved))
    return results
