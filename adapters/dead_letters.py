"""What could not be taken: the message as it was, with the reason, in a stream of its own. Messages that
an integration's consumer gave up on are found by the server's advisories and set aside in the same
way, so that nobody has to notice that something is stuck."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from adapters.command_subjects import dead_letter_subject
from adapters.jetstream import (
    commands_stream,
    dead_letters_stream,
    events_stream,
    outcomes_stream,
)
from domain.messaging import DeadLetter

REASON_HEADER = "Doorward-Reason"
SUBJECT_HEADER = "Doorward-Subject"
SEQUENCE_HEADER = "Doorward-Sequence"
ADVISORIES = "$JS.EVENT.ADVISORY.CONSUMER"
KINDS = ("MAX_DELIVERIES", "MSG_TERMINATED")
GIVEN_UP = "given up after as many deliveries as its consumer allows"
_WORD_LIMIT = 400


async def set_aside(
    jetstream: JetStreamContext, tenant: str, message: Msg, consumer: str, why: str
) -> None:
    """Keep a message that cannot be taken, from the stream of commands."""
    sequence = message.metadata.sequence.stream
    await _keep(jetstream, tenant, commands_stream(tenant), consumer, sequence, message, why)


async def _keep(
    jetstream: JetStreamContext,
    tenant: str,
    stream: str,
    consumer: str,
    sequence: int,
    message: Any,
    why: str,
) -> None:
    subject = dead_letter_subject(tenant, stream, consumer)
    headers = {
        REASON_HEADER: _plain(why),
        SUBJECT_HEADER: _plain(message.subject),
        SEQUENCE_HEADER: str(sequence),
        # The stream's own window drops the second of two that say the same.
        "Nats-Msg-Id": f"{stream}-{consumer}-{sequence}",
    }
    await jetstream.publish(subject, message.data or b"", headers=headers)


def _plain(text: str) -> str:
    """Return what can stand in a header: no line breaks, nothing but ASCII."""
    return (
        text.encode("ascii", "backslashreplace")
        .decode()
        .replace("\r", " ")
        .replace("\n", " ")[:_WORD_LIMIT]
    )


async def letters(jetstream: JetStreamContext, tenant: str, most: int) -> list[DeadLetter]:
    """Return the newest dead letters, the newest first."""
    stream = dead_letters_stream(tenant)
    state = (await jetstream.stream_info(stream)).state
    found: list[DeadLetter] = []
    number = state.last_seq
    while number >= max(1, state.first_seq) and len(found) < most:
        one = await letter(jetstream, tenant, number)
        found += [one] if one is not None else []
        number -= 1
    return found


async def letter(jetstream: JetStreamContext, tenant: str, number: int) -> DeadLetter | None:
    """Return one dead letter, None if there is none of this number (any more)."""
    try:
        message = await jetstream.get_msg(dead_letters_stream(tenant), number)
    except nats.js.errors.NotFoundError:
        return None
    headers = message.headers or {}
    *_, stream, consumer = (message.subject or "").split(".")
    return DeadLetter(
        number=number,
        at=message.time or datetime.fromtimestamp(0, UTC),
        stream=stream,
        consumer=consumer,
        subject=headers.get(SUBJECT_HEADER, ""),
        reason=headers.get(REASON_HEADER, ""),
        body=message.data or b"",
    )


async def discard(jetstream: JetStreamContext, tenant: str, number: int) -> bool:
    """Forget a dead letter; False if there is none of this number."""
    try:
        return bool(await jetstream.delete_msg(dead_letters_stream(tenant), number))
    except (nats.js.errors.NotFoundError, nats.js.errors.BadRequestError):
        return False


class AdvisoryReader:
    """Listens for what the server says about consumers, and sets aside what was given up."""

    def __init__(self, jetstream: JetStreamContext, tenant: str) -> None:
        self._jetstream = jetstream
        self._tenant = tenant
        self._streams = {stream(tenant) for stream in (events_stream, outcomes_stream)}

    async def start(self, client: Client) -> None:
        """Listen on this connection, for as long as it lasts."""
        for kind in KINDS:
            await client.subscribe(f"{ADVISORIES}.{kind}.>", cb=self._heard)

    async def _heard(self, message: Msg) -> None:
        try:
            told = json.loads(message.data)
            stream, consumer = str(told["stream"]), str(told["consumer"])
            sequence = int(told["stream_seq"])
        except (ValueError, KeyError, TypeError):
            return
        if stream not in self._streams:
            return
        try:
            given_up = await self._jetstream.get_msg(stream, sequence)
        except nats.js.errors.NotFoundError:
            return
        await _keep(self._jetstream, self._tenant, stream, consumer, sequence, given_up, GIVEN_UP)
