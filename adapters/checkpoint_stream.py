"""The `CheckpointStream` port on JetStream: a stream that lets nobody delete or purge what is in it. Each
checkpoint has a subject to itself and is only taken there if nothing is, so that the same one twice is kept
once, and none takes the place of another."""

from __future__ import annotations

from binascii import Error as BinasciiError
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256

import nats.errors
import nats.js.errors
from nats.js import JetStreamContext

from adapters.jetstream import AUTOMATIC, checkpoints_stream, ensure_streams
from adapters.nats_connection import Connect, close, reason
from adapters.stream_audit import last_sequence
from domain.checkpoint import Unwitnessed, Witnessed

STAMP_HEADER = "Doorward-Timestamp"
FAULTS = (nats.errors.Error, nats.js.errors.Error, OSError, TimeoutError)
WRONG_LAST_SEQUENCE = 10_071


class NatsCheckpoints:
    """The checkpoints of one tenant. Each call is a connection of its own: they are few."""

    def __init__(self, connect: Connect, tenant: str, replicas: int = AUTOMATIC) -> None:
        self._connect = connect
        self._tenant = tenant
        self._replicas = replicas

    async def put(self, position: int, witnessed: Witnessed) -> None:
        """Keep one; raises `Unwitnessed`."""
        headers = {"Nats-Expected-Last-Subject-Sequence": "0"}
        if witnessed.stamp is not None:
            headers[STAMP_HEADER] = witnessed.stamp
        digest = sha256(witnessed.note.encode()).hexdigest()[:16]
        subject = f"doorward.{self._tenant}.chk.{position}.{digest}"
        try:
            client = await self._connect()
            try:
                jetstream = client.jetstream()
                await ensure_streams(jetstream, self._tenant, self._replicas)
                await jetstream.publish(subject, witnessed.note.encode(), headers=headers)
            finally:
                await close(client)
        except nats.js.errors.APIError as fault:
            if fault.err_code != WRONG_LAST_SEQUENCE:
                raise Unwitnessed(f"NATS: {reason(fault)}") from None
        except FAULTS as fault:
            raise Unwitnessed(f"NATS: {reason(fault)}") from None

    async def read(self) -> Sequence[Witnessed]:
        """Return all that are kept, in order; raises `Unwitnessed`."""
        try:
            client = await self._connect()
            try:
                return await _all(client.jetstream(), checkpoints_stream(self._tenant))
            finally:
                await close(client)
        except FAULTS as fault:
            raise Unwitnessed(f"NATS: {reason(fault)}") from None
        except BinasciiError:
            raise Unwitnessed("NATS: a time stamp in the stream is not base64") from None


async def _all(jetstream: JetStreamContext, stream: str) -> list[Witnessed]:
    found: list[Witnessed] = []
    for sequence in range(1, await last_sequence(jetstream, stream) + 1):
        with suppress(nats.js.errors.NotFoundError):
            message = await jetstream.get_msg(stream, sequence)
            stamp = (message.headers or {}).get(STAMP_HEADER) or None
            note = (message.data or b"").decode("utf-8", "replace")
            found.append(Witnessed.with_stamp(note, stamp))
    return found
