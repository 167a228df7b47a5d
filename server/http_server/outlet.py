"""The way out of one connection: what is written, and whether the client takes it. Who waits to write
more is woken when there is room; a client that takes nothing for too long is noticed."""

from __future__ import annotations

import asyncio

from server.http_server.bounds import KIB

NEVER = float("inf")
PROGRESS = 16 * KIB
"""What a client must have taken of an answer within `Bounds.write_seconds`."""


class Outlet:
    """What a connection sends."""

    __slots__ = ("_ended", "_room", "_seconds", "_transport", "_unsent", "stalled_until")

    def __init__(self, transport: asyncio.Transport, seconds: float) -> None:
        """The client has so many seconds to take something."""
        self._transport = transport
        self._seconds = seconds
        self._unsent = 0
        self._room: asyncio.Future[None] | None = None
        self._ended = False
        self.stalled_until = NEVER

    def full(self, now: float) -> None:
        """More waits to be taken than should."""
        self._unsent = self._transport.get_write_buffer_size()
        self.stalled_until = now + self._seconds

    def free(self) -> None:
        """Most was taken."""
        self.stalled_until = NEVER
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def end(self) -> None:
        """Nothing will be taken any more; nobody needs to wait for it."""
        self._ended = True
        self.free()

    async def writable(self) -> None:
        """Return once most of what was sent is taken, or never will be."""
        while self.stalled_until != NEVER and not self._ended:
            if self._room is None or self._room.done():
                self._room = asyncio.get_running_loop().create_future()
            await self._room

    def has_stalled(self, now: float) -> bool:
        """Say, once `stalled_until` has passed, whether next to nothing was taken meanwhile."""
        before, self._unsent = self._unsent, self._transport.get_write_buffer_size()
        self.stalled_until = now + self._seconds
        return before - self._unsent < PROGRESS
