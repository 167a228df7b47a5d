"""Connections to hosts that others name: the name is resolved once, every address it has must be
permitted, and the connection goes to an address that was checked, never to a name that could mean
another by then. What was opened is closed with it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Self

import httpcore

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns every address of a host name, as text."""


class NoConnection(Exception):  # noqa: N818 - says what is
    """The host has no address, none that is permitted, or nothing listens there."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """What httpcore connects through."""

    def __init__(
        self, resolver: Resolve, permitted: Callable[[Address], bool], refusal: str
    ) -> None:
        """`refusal` says of a host that one of its addresses is not permitted."""
        self._resolver = resolver
        self._permitted = permitted
        self._refusal = refusal
        self._inner = httpcore.AnyIOBackend()
        self._opened: list[httpcore.AsyncNetworkStream] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close what was opened: httpcore leaves a handshake that is given up to the collector."""
        for stream in self._opened:
            await stream.aclose()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve once, check every address, connect to the first that listens."""
        try:
            found = [ipaddress.ip_address(one) for one in await self._resolver(host, port)]
        except (OSError, ValueError):
            raise NoConnection("its host has no address") from None
        if not found or not all(map(self._permitted, found)):
            raise NoConnection(self._refusal)
        for address in found:
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                stream = await self._inner.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
                self._opened.append(stream)
                return stream
        raise NoConnection("no connection: nothing listens there")
