"""The server: takes connections from bound sockets until it is told to stop, then drains. While it drains,
every answer says ``Connection: close``; connections that still wait in the kernel's queue are taken; a
kept connection is closed only once it has been quiet for a moment, so that hardly a request can cross its
end. Told to stop gently (another worker takes the new connections already), it lets kept connections
live until their clients use them once more, or have left them idle for their time."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from starlette.types import ASGIApp

from server.http_server.bounds import Bounds
from server.http_server.connection import Connection
from server.http_server.connections import Connections
from server.http_server.intake import Intake

BACKLOG = 1_024
"""Connections that wait in the kernel until they are taken; the kernel refuses more by itself."""
OTHER_FILES = 256
"""Descriptors for everything but connections of clients."""
POLL_SECONDS = 0.02
_KEEP_ALIVE = ("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)


class WebServer:
    """Serves one ASGI application over HTTP/1.1."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        bounds: Bounds | None = None,
        trusted: Sequence[str] = (),
        ready: Callable[[], None] = lambda: None,
        draining: Callable[[], None] = lambda: None,
        shared: bool = False,
    ) -> None:
        """`trusted` are networks of proxies; `ready` is called once requests are answered, `draining`
        once no new connection is taken, to end what would otherwise never end; `shared` says that other
        processes take connections from the same sockets."""
        self._app = app
        self.bounds = _within_files(bounds or Bounds())
        self.connections = Connections(self.bounds, trusted)
        self._ready = ready
        self._draining = draining
        self._open_here = (lambda: len(self.connections.open)) if shared else None
        self._stop = asyncio.Event()
        self._gently = False
        self.fault: Exception | None = None

    def stop(self, *, gently: bool = False, fault: Exception | None = None) -> None:
        """Begin to drain, and keep a fault for whoever serves. Not `gently`, it also ends the waiting
        of a gentle stop before."""
        self._gently = gently
        self.fault = self.fault or fault
        self._stop.set()

    async def serve(self, sockets: Sequence[socket.socket]) -> None:
        """Serve until told to stop, and drain."""
        loop = asyncio.get_running_loop()
        watching = loop.create_task(self.connections.watch())
        try:
            intakes = [
                Intake(_prepared(one), self._connection, self._open_here) for one in sockets
            ]
            for intake in intakes:
                intake.open()
            self._ready()
            await self._stop.wait()
            self.connections.draining = True
            for intake in intakes:
                await intake.close(BACKLOG)
            await self._drain()
        finally:
            watching.cancel()
            for one in sockets:
                one.close()

    def _connection(self) -> Connection:
        return Connection(self._app, self.connections)

    async def _drain(self) -> None:
        every, bounds = self.connections, self.bounds
        self._draining()
        began = every.tick()
        while every.open or every.tasks:
            longest = bounds.drain_seconds + (bounds.idle_seconds if self._gently else 0)
            if every.tick() - began > longest:
                every.cut()
                return
            if not self._gently:
                every.close_idle(bounds.quiet_seconds)
            await asyncio.sleep(POLL_SECONDS)


@contextlib.contextmanager
def stopped_by_signals(web: WebServer) -> Iterator[None]:
    """Stop at SIGTERM or SIGINT, and gently at SIGUSR2, while the block runs. Afterwards they do nothing,
    so that what is open can be closed."""
    loop = asyncio.get_running_loop()
    ways = {signal.SIGTERM: False, signal.SIGINT: False, signal.SIGUSR2: True}
    for number, gently in ways.items():
        loop.add_signal_handler(number, _stop, web, gently)
    try:
        yield
    finally:
        for number in ways:
            loop.remove_signal_handler(number)
            # No handler of ours: it might be called when there is no interpreter any more.
            signal.signal(number, signal.SIG_IGN)


def _stop(web: WebServer, gently: bool) -> None:  # noqa: FBT001 - as the loop hands it on
    web.stop(gently=gently)


def _within_files(bounds: Bounds) -> Bounds:
    """Let this process open as many files as it may, and no more connections than that allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = max(soft, bounds.connections + OTHER_FILES)
    if soft < min(hard, bounds.connections + OTHER_FILES):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    room = max(OTHER_FILES, soft - OTHER_FILES)
    return replace(bounds, connections=min(bounds.connections, room))


def _prepared(bound: socket.socket) -> socket.socket:
    """Listen, and let the kernel notice clients that vanished without a word; what is taken inherits that."""
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE:
        if hasattr(socket, name):
            bound.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    bound.listen(BACKLOG)
    return bound
