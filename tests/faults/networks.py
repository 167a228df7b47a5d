"""A machine of its own: a network namespace, which reaches clients over one wire, and over another the servers that are
here, through a router that can be told to swallow everything. Nobody is told that it does: no packet comes back,
no connection is refused, no link goes down."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count

import httpx

from tests.faults.needs import need_root, ran

_numbers = count()


@dataclass(frozen=True)
class Machine:
    """A namespace. `address` is where clients reach it, `servers` where it reaches what runs here."""

    name: str
    router: str
    address: str
    servers: str

    @property
    def before(self) -> tuple[str, ...]:
        """What runs a command there."""
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """Let everything vanish between it and the servers."""
        self._forward("0")

    def heal(self) -> None:
        """Let it pass again."""
        self._forward("1")

    def _forward(self, word: str) -> None:
        switch = f"echo {word} > /proc/sys/net/ipv4/ip_forward"
        ran("ip", "netns", "exec", self.router, "sh", "-c", switch)


@contextmanager
def machine() -> Iterator[Machine]:
    """Make one for as long as the block lasts."""
    need_root("a network namespace")
    name = f"dw{os.getpid()}x{next(_numbers)}"
    # Each process that runs tests has networks of its own.
    net = f"10.{64 + os.getpid() % 128}"
    one = Machine(name, f"{name}r", f"{net}.1.2", f"{net}.2.1")
    with ExitStack() as made:
        for namespace in (one.name, one.router):
            ran("ip", "netns", "add", namespace)
            made.callback(subprocess.run, ["ip", "netns", "del", namespace], check=True)
            ran("ip", "-n", namespace, "link", "set", "lo", "up")
        _wire(made, ("", f"{name}a", f"{net}.1.1"), (one.name, "clients", one.address))
        _wire(made, ("", f"{name}b", one.servers), (one.router, "here", f"{net}.2.2"))
        _wire(made, (one.router, "there", f"{net}.3.1"), (one.name, "servers", f"{net}.3.2"))
        ran("ip", "-n", one.name, "route", "add", f"{net}.2.0/24", "via", f"{net}.3.1")
        ran("ip", "route", "add", f"{net}.3.0/24", "via", f"{net}.2.2")
        one.heal()
        yield one


def _wire(made: ExitStack, one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    """Lay a wire between two interfaces: each in a namespace (none: here), of a name, at an address."""
    (space, name, _), (other_space, other_name, _) = one, other
    inside = ("-n", space) if space else ()
    kind = ("type", "veth", "peer", "name", other_name, "netns", other_space)
    ran("ip", *inside, "link", "add", name, *kind)
    if not space:
        # It goes with its namespace; where that lingers, an address must not.
        made.callback(subprocess.run, ["ip", "link", "del", name], check=False)
    for where, link, address in (one, other):
        at = ("-n", where) if where else ()
        ran("ip", *at, "address", "add", f"{address}/24", "dev", link)
        ran("ip", *at, "link", "set", link, "up")


class Towards(httpx.AsyncBaseTransport):
    """Sends requests to this address and port, whatever the URL says; the Host header stays the URL's."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._inner = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=1))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        sent_on = httpx.Request(
            request.method,
            request.url.copy_with(host=self._host, port=self._port),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return await self._inner.handle_async_request(sent_on)

    async def aclose(self) -> None:
        await self._inner.aclose()
