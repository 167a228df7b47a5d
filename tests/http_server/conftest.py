"""A server of its own in the test's event loop, and clients that write bytes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from server.http_server.bounds import Bounds
from server.http_server.web_server import WebServer

SECONDS = 10
QUICK = 0.02
GET = b"GET /%b HTTP/1.1\r\nHost: doorward.example\r\n\r\n"


@dataclass
class Seen:
    """An application that tells what reached it. Its paths: ``/`` echoes the body, ``/held`` waits to be
    let go, ``/late`` answers before it reads, ``/stream`` sends pieces for ever, ``/large`` eight
    megabytes."""

    scopes: list[Scope] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        path = scope["path"]
        if path.startswith("/held"):
            await self.released.wait()
        body, more = b"", path != "/late"
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone.append(path)
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if path == "/stream":
            await self._stream(receive, send)
            return
        answer = b"x" * 8_000_000 if path == "/large" else path.encode() + b" " + body
        headers = [(b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _stream(self, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        hung_up = asyncio.ensure_future(receive())
        while not hung_up.done():
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
            await asyncio.sleep(0)
        self.gone.append("/stream")


@dataclass
class Client:
    """One connection, written by hand."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def get(self, path: str = "") -> tuple[int, dict[str, str], bytes]:
        await self.send(GET % path.encode())
        return await self.answer()

    async def answer(self, *, bodiless: bool = False) -> tuple[int, dict[str, str], bytes]:
        """Read one answer; fails where none comes in time."""
        async with asyncio.timeout(SECONDS):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            length = 0 if bodiless else int(headers.get("content-length", 0))
            return int(head[0].split()[1]), headers, await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """Return what comes until the server ends the connection."""
        async with asyncio.timeout(SECONDS):
            try:
                return await self.reader.read(-1)
            except ConnectionError:
                return b"reset"

    def hang_up(self) -> None:
        self.writer.transport.abort()


@dataclass
class Served:
    """A running server."""

    web: WebServer
    seen: Seen
    port: int
    running: asyncio.Task[None]
    clients: list[Client] = field(default_factory=list)

    async def client(self, source: str = "127.0.0.1", **options: Any) -> Client:
        made = Client(
            *await asyncio.open_connection(
                "127.0.0.1", self.port, local_addr=(source, 0), **options
            )
        )
        self.clients.append(made)
        return made

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until it is so."""
        async with asyncio.timeout(SECONDS):
            while not condition():
                await asyncio.sleep(0.005)


Serve = Callable[..., AbstractAsyncContextManager[Served]]


@asynccontextmanager
async def serving(
    bounds: Bounds | None = None, app: ASGIApp | None = None, **options: Any
) -> AsyncIterator[Served]:
    seen = Seen()
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        ready = asyncio.Event()
        quick = bounds or Bounds(tick_seconds=QUICK, quiet_seconds=QUICK, drain_seconds=1)
        web = WebServer(app or seen, bounds=quick, ready=ready.set, **options)
        running = asyncio.create_task(web.serve([bound]))
        await asyncio.wait_for(ready.wait(), SECONDS)
        served = Served(web, seen, bound.getsockname()[1], running)
        try:
            yield served
        finally:
            seen.released.set()
            for client in served.clients:
                client.hang_up()
            web.stop()
            await asyncio.wait_for(running, SECONDS)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running
