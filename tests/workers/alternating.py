"""A load balancer at its worst: each request of a client goes to another server than the one before."""

from __future__ import annotations

from itertools import cycle

import httpx


class Alternating(httpx.AsyncBaseTransport):
    """Sends request after request to one port after the other, whatever the URL says."""

    def __init__(self, *ports: int) -> None:
        self._ports = cycle(ports)
        self._inner = httpx.AsyncHTTPTransport()
        self.sent = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent += 1
        # The Host header stays that of the URL, as a proxy hands it on.
        sent_on = httpx.Request(
            request.method,
            request.url.copy_with(port=next(self._ports)),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return await self._inner.handle_async_request(sent_on)

    async def aclose(self) -> None:
        await self._inner.aclose()
