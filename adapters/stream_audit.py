"""The event stream read whole, to be compared with the log: every message in the order of its sequence."""

from __future__ import annotations

from collections.abc import AsyncIterator

from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from adapters.cloud_events import ID_HEADER, POSITION_HEADER
from adapters.jetstream import events_stream
from domain.published import Published

BATCH = 500
FETCH_SECONDS = 5.0


async def last_sequence(jetstream: JetStreamContext, stream: str) -> int:
    """Return the sequence of a stream's last message; 0 if there is none, or no stream yet."""
    try:
        return (await jetstream.stream_info(stream)).state.last_seq
    except NotFoundError:
        return 0


async def published(jetstream: JetStreamContext, tenant: str) -> AsyncIterator[list[Published]]:
    """Yield the messages that the stream holds now, in batches; nothing is acknowledged. Raises
    `nats.errors.TimeoutError` where it does not give all: what was not read must not pass for whole."""
    stream = events_stream(tenant)
    last = await last_sequence(jetstream, stream)
    if last == 0:
        return
    config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL, ack_policy=AckPolicy.NONE)
    reading = await jetstream.pull_subscribe("", stream=stream, config=config)
    try:
        sequence = 0
        while sequence < last:
            batch = await reading.fetch(BATCH, FETCH_SECONDS)
            found = []
            for one in batch:
                sequence = one.metadata.sequence.stream
                headers = one.headers or {}
                found.append(
                    Published(
                        sequence,
                        one.subject,
                        headers.get(POSITION_HEADER, ""),
                        headers.get(ID_HEADER, ""),
                        one.data,
                    )
                )
            yield found
    finally:
        await reading.unsubscribe()
