"""A NATS client that no message can choke. The server stores subjects and headers as their sender
wrote them, nearly unchecked; nats-py's reading ends, in silence, at a byte that it cannot decode, and
it takes a stored message with a ``Status`` header for a word of the server's. One such message would
then stop everybody's commands. Here it arrives like any other, recognisably damaged, for its
reader to judge; the message as it was sent can be had from its stream."""

from __future__ import annotations

import asyncio
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.protocol.parser import Parser

DAMAGED_HEADER = "Doorward-Damaged"
"""Stands in a message whose headers could not be read, or pretended to be the server's own."""
STATUS = "Status"
_DELIVERED = "$JS.ACK."
_BLANKS = bytes.maketrans(b"\x0b\x0c", b"\x7f\x7f")


class RobustClient(Client):
    """nats-py's client, reading whatever a server may send."""

    def __init__(self) -> None:
        super().__init__()
        self._ps = _RobustParser(self)

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes
    ) -> None:
        await super()._process_msg(sid, _decodable(subject), _decodable(reply), data, headers)

    async def _process_pong(self) -> None:
        """Take an answer to a ping, though nobody may wait for it any more: nats-py would end its reading
        at it, in silence."""
        if self._pongs and self._pongs[0].done():
            self._pongs[0] = asyncio.get_running_loop().create_future()
        await super()._process_pong()

    async def _process_headers(self, headers: bytes | None) -> dict[str, str] | None:
        try:
            found: dict[str, str] | None = await super()._process_headers(headers)
        except (UnicodeDecodeError, IndexError):
            return {DAMAGED_HEADER: "not readable"}
        return found

    def _build_message(
        self,
        sid: int,
        subject: bytes,
        reply: bytes,
        data: bytes,
        headers: dict[str, str] | None,
    ) -> Msg:
        message: Msg = super()._build_message(sid, subject, reply, data, headers)
        # The server's own words to a reader of a stream have no acknowledgement subject.
        if headers and STATUS in headers and message.reply.startswith(_DELIVERED):
            kept = {name: value for name, value in headers.items() if name != STATUS}
            message.headers = {**kept, DAMAGED_HEADER: f"status {headers[STATUS]}"}
        return message


class _RobustParser(Parser):
    async def parse(self, data: bytes = b"") -> Any:
        """Parse, with vertical tabs and form feeds blotted out: nats-py takes them for the ends of
        a subject. Neither can stand in JSON, nor in a control line of the server's own."""
        return await super().parse(data.translate(_BLANKS))


def _decodable(subject: bytes) -> bytes:
    return subject.decode("utf-8", "backslashreplace").encode()
