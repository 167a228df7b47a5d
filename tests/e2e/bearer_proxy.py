"""A proxy on this machine that puts a bearer token into what passes it, for programs that cannot sign in.
Nothing else of a request is changed but its own address, which becomes the server's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

END = b"\r\n\r\n"


@asynccontextmanager
async def bearer_proxy(host: str, port: int, token: str) -> AsyncIterator[str]:
    """Yield where the proxy before this server listens."""
    passing: set[asyncio.Task[None]] = set()

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(END)
            body = await reader.readexactly(length_of(head))
            answered, asked = await asyncio.open_connection(host, port)
            with contextlib.closing(asked):
                asked.write(with_bearer(head, own, f"{host}:{port}", token) + body)
                while piece := await answered.read(65536):
                    writer.write(piece)
                    await writer.drain()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(passed(reader, writer))
        passing.add(task)
        task.add_done_callback(passing.discard)

    listening = await asyncio.start_server(begin, "127.0.0.1", 0)
    own = "{}:{}".format(*listening.sockets[0].getsockname())
    async with listening:
        yield f"http://{own}"
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)


def length_of(head: bytes) -> int:
    """Return how many bytes of body come after the headers."""
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return int(lengths[0].split(b":")[1]) if lengths else 0


def with_bearer(head: bytes, own: str, server: str, token: str) -> bytes:
    """Return the headers of a request with the token, and for the server where they were for us. The
    connection is for this request alone, so that its end is the answer's."""
    first, *lines = head.removesuffix(END).split(b"\r\n")
    kept = [line for line in lines if not line.lower().startswith(b"connection:")]
    addressed = [line.replace(own.encode(), server.encode()) for line in kept]
    more = [f"Authorization: Bearer {token}".encode(), b"Connection: close"]
    return b"\r\n".join([first, *addressed, *more]) + END
