"""Taking connections from a bound socket, one at a time. Where other processes take from it too, who has more
open waits longer before he takes another, so that they are spread evenly. (The event loop's own way takes all
that wait, and leaves one worker with every connection of a client that opens a dozen.)"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable

PAUSE_SECONDS = 0.5
"""Without a descriptor or memory to be had there is no point in trying again at once."""
STEP_SECONDS = 0.001
MOST_STEPS = 5
"""A step for each doubling of what is open here: the most that a new connection may wait is this many."""
_PASSING = (BlockingIOError, InterruptedError, ConnectionAbortedError)
"""Another process has been faster, or the client has left again."""
_log = logging.getLogger(__name__)


class Intake:
    """Takes connections, from `open` until `close`."""

    def __init__(
        self,
        bound: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        open_here: Callable[[], int] | None,
    ) -> None:
        """`open_here` tells how many connections are open here, where the socket is shared."""
        self._bound = bound
        self._protocol = protocol
        self._open_here = open_here
        self._loop = asyncio.get_running_loop()
        self._coming: set[asyncio.Task[object]] = set()
        self._pause: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Take connections from now on."""
        self._bound.settimeout(0)
        self._pause = None
        self._loop.add_reader(self._bound.fileno(), self._readable)

    async def close(self, most: int) -> None:
        """Take none from now on but those that wait already: closing the socket would reset them."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._bound.fileno())
        with contextlib.suppress(OSError):
            for _ in range(most):
                self._admit(self._bound.accept()[0])
        self._bound.close()
        if self._coming:
            await asyncio.wait(self._coming)

    def _readable(self) -> None:
        """Take one, after a while in which somebody who has fewer may."""
        open_here = self._open_here() if self._open_here is not None else 0
        if open_here:
            self._wait(min(open_here.bit_length(), MOST_STEPS) * STEP_SECONDS)
        else:
            self._take()

    def _wait(self, seconds: float) -> None:
        self._loop.remove_reader(self._bound.fileno())
        self._pause = self._loop.call_later(seconds, self._take_late)

    def _take_late(self) -> None:
        self.open()
        self._take()

    def _take(self) -> None:
        try:
            taken, _address = self._bound.accept()
        except _PASSING:
            return
        except OSError as fault:
            _log.error("no connection can be taken: %s", fault.strerror)
            self._wait(PAUSE_SECONDS)
            return
        self._admit(taken)

    def _admit(self, taken: socket.socket) -> None:
        coming = self._loop.create_task(self._connected(taken))
        self._coming.add(coming)
        coming.add_done_callback(self._coming.discard)

    async def _connected(self, taken: socket.socket) -> None:
        taken.settimeout(0)
        try:
            await self._loop.connect_accepted_socket(self._protocol, taken)
        except OSError:
            # It is gone already.
            taken.close()
