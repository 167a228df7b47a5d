"""Many publishes on the way at once: a window of messages is sent whole, each to be kept only right after the
one before. So the last one's acknowledgement speaks for all, and the first one's tells a server that keeps
nothing from one that has moved on; no other is asked for. nats-py's own `publish_async` loses error
acknowledgements (nats.py issue 985), so this does it with a subscription of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from adapters.cloud_events import Message

WINDOW_SECONDS = 10.0
ANSWER_SECONDS = 2
NO_RESPONDERS = b"503"


class WindowFailed(Exception):  # noqa: N818 - says what happened
    """Not every message of a window landed where it belongs; the reason says what came back."""


class NothingKept(WindowFailed):
    """The server answers, and has kept none of a window's messages: a nats-server whose disk was full does not
    write again before it is started again, and says no word of it."""


class _Ack(msgspec.Struct):
    stream: str = ""
    seq: int = 0
    error: dict[str, object] | None = None


_ack_decoder = msgspec.json.Decoder(_Ack)


class Pipe:
    """Publishes windows to one stream over one connection."""

    def __init__(self, client: Client, stream: str) -> None:
        self._client = client
        self._stream = stream
        self._inbox = client.new_inbox()
        self._waiting: dict[str, asyncio.Future[_Ack]] = {}
        self._numbers = count()

    async def open(self) -> None:
        """Subscribe to the acknowledgements."""
        await self._client.subscribe(f"{self._inbox}.*", cb=self._acknowledged)

    async def publish(self, messages: Sequence[Message], after: int) -> int:
        """Publish messages as the stream's sequences after `after`; return the last sequence.

        Each is a compare-and-set on the tail of the stream: a late copy, a second publisher or a
        lost message makes the rest fail instead of duplicating or reordering anything.
        """
        last = len(messages) - 1
        window: dict[int, asyncio.Future[_Ack]] = {}
        try:
            for offset, message in enumerate(messages):
                reply = ""
                if offset in (0, last):
                    reply, window[offset] = self._asked()
                await self._send(message, after + offset, reply)
            async with asyncio.timeout(WINDOW_SECONDS):
                await self._client.flush()
                acks = dict(zip(window, await asyncio.gather(*window.values()), strict=True))
        except TimeoutError:
            msg = "no acknowledgement in time"
            # Of those behind the first it may have said that they do not follow on the last that it has.
            if window[0].cancelled() and await self._is_answered():
                raise NothingKept(
                    f"{msg} from a server that answers; was its disk full?"
                ) from None
            raise WindowFailed(msg) from None
        finally:
            self._waiting.clear()
        for offset, acked in acks.items():
            if acked.error is not None or acked.seq != after + offset + 1:
                raise WindowFailed(str(acked.error or f"landed at {acked.seq}"))
        return after + len(messages)

    def _asked(self) -> tuple[str, asyncio.Future[_Ack]]:
        """Return where an acknowledgement is to go, and what it will be."""
        reply = f"{self._inbox}.{next(self._numbers)}"
        self._waiting[reply] = ack = asyncio.get_running_loop().create_future()
        return reply, ack

    async def _send(self, message: Message, after: int, reply: str) -> None:
        """Send a message that is to follow on this sequence."""
        headers = {
            **message.headers,
            "Nats-Expected-Stream": self._stream,
            "Nats-Expected-Last-Sequence": str(after),
        }
        await self._client.publish(message.subject, message.payload, reply=reply, headers=headers)

    async def _is_answered(self) -> bool:
        try:
            await self._client.flush(timeout=ANSWER_SECONDS)
        except (nats.errors.Error, OSError, TimeoutError):
            return False
        return not self._client.is_closed

    async def _acknowledged(self, message: Msg) -> None:
        waiting = self._waiting.get(message.subject)
        if waiting is None or waiting.done():
            return
        if (message.headers or {}).get("Status") == NO_RESPONDERS.decode():
            waiting.set_result(_Ack(error={"description": "no stream takes this subject"}))
            return
        try:
            waiting.set_result(_ack_decoder.decode(message.data))
        except msgspec.MsgspecError:
            waiting.set_result(_Ack(error={"description": "the acknowledgement is not JSON"}))
