"""What could not be taken: the message as it was, with the reason, in a stream of its own. Messages that
an integration's consumer gave up on are found by the server's advisories and set aside in the same
way, so that nobody has to notice that something is stuck."""

from __future__ import annotations

import json
from typing import Any

import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from adapters.command_subjects import dead_letter_subject
from adapters.jetstream import commands_stream, events_stream, outcomes_stream

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
