"""All connections of one server: how many there are, of whom, which are idle, and what is at work. Each
has deadlines, and one look at the clock every half second finds those that have passed: to set a timer
for each request would cost more than all the rest of these bounds."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import time
from collections import Counter
from collections.abc import Sequence
from email.utils import formatdate
from enum import Enum
from typing import Protocol

from server.http_server.bounds import Bounds

TELL_SECONDS = 60.0
"""Between two lines in the log about those who were turned away."""
_log = logging.getLogger(__name__)


class Phase(Enum):
    """What a connection expects next."""

    IDLE = "idle"
    HEAD = "head"
    BODY = "body"
    WORK = "work"
    LINGER = "linger"


class Watched(Protocol):
    """A connection, as far as the clock is concerned."""

    deadline: float

    @property
    def address(self) -> str:
        """Where it comes from."""

    @property
    def stalled_until(self) -> float:
        """Until when the client must have taken something."""

    @property
    def idle_since(self) -> float:
        """When it became idle, if it is."""

    def expire(self) -> None:
        """The deadline has passed."""

    def stall(self) -> None:
        """The client has not been ready for more of its answer."""

    def make_room(self) -> None:
        """End, being idle."""

    def cut(self) -> None:
        """End at once."""


class Connections:
    """The open connections of one server."""

    def __init__(self, bounds: Bounds, trusted: Sequence[str]) -> None:
        """`trusted` are the networks of proxies, which connect for everybody."""
        self.bounds = bounds
        self.open: set[Watched] = set()
        self.idle: dict[Watched, None] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.at_work = 0
        self.draining = False
        self.refused: Counter[str] = Counter()
        """How often somebody was turned away, by reason: a status, or what there was too much of."""
        self.seconds = {
            Phase.IDLE: bounds.idle_seconds,
            Phase.HEAD: bounds.head_seconds,
            Phase.BODY: bounds.body_seconds,
            Phase.LINGER: bounds.linger_seconds,
        }
        """How long each phase of a connection may last."""
        self.now = time.monotonic()
        self.date = b""
        self._turned_away: set[Watched] = set()
        self._by_address: Counter[str] = Counter()
        self._trusted = [ipaddress.ip_network(one) for one in trusted]
        self._trusts: dict[str, bool] = {}
        self.tick()

    def admit(self, connection: Watched, *, own: bool) -> bool:
        """Say whether there is room for one more; if so it is counted until `forget`. `own` says that it
        comes from this machine or a trusted proxy."""
        bounds = self.bounds
        if not own and self._by_address[connection.address] >= bounds.from_one_address:
            self.refused["address"] += 1
            return False
        if len(self.open) >= bounds.connections:
            if not self.idle:
                self.refused["connections"] += 1
                return False
            next(iter(self.idle)).make_room()
        self.open.add(connection)
        self._by_address[connection.address] += 1
        return True

    def turn_away(self, connection: Watched) -> bool:
        """Say whether one that was not admitted can be told so; its deadlines are kept all the same."""
        if len(self._turned_away) >= max(1, self.bounds.connections // 8):
            return False
        self._turned_away.add(connection)
        return True

    def close_idle(self, quiet: float) -> None:
        """End the connections that have been idle for as many seconds."""
        for one in list(self.idle):
            if one.idle_since + quiet <= self.now:
                one.make_room()

    def forget(self, connection: Watched) -> None:
        """The connection has ended."""
        self._turned_away.discard(connection)
        self.idle.pop(connection, None)
        if connection in self.open:
            self.open.discard(connection)
            self._by_address[connection.address] -= 1
            if not self._by_address[connection.address]:
                del self._by_address[connection.address]

    def is_trusted(self, host: str) -> bool:
        """Say whether what this host says about who asked is believed."""
        if not self._trusted:
            return False
        known = self._trusts.get(host)
        if known is None:
            address = plain(host)
            known = address is not None and any(address in one for one in self._trusted)
            if len(self._trusts) >= self.bounds.connections:
                self._trusts.clear()
            self._trusts[host] = known
        return known

    def asked_by(self, peer: str, forwarded: str) -> str:
        """Return who asked, if the peer is a trusted proxy: the last of those named that is none."""
        for host in reversed([one.strip() for one in forwarded.split(",")]):
            named = plain(host)
            if named is None:
                return peer
            peer = str(named)
            if not self.is_trusted(peer):
                return peer
        return peer

    async def watch(self) -> None:
        """Look at the clock until cancelled."""
        told, tell_at = 0, self.now
        while True:
            await asyncio.sleep(self.bounds.tick_seconds)
            self.tick()
            now = self.now
            if self.refused.total() > told and now >= tell_at:
                told, tell_at = self.refused.total(), now + TELL_SECONDS
                _log.warning("turned away since the start: %s", dict(self.refused))
            for one in [one for one in self.open if min(one.deadline, one.stalled_until) <= now]:
                if one.stalled_until <= now:
                    one.stall()
                if one.deadline <= now:
                    one.expire()
            for one in [one for one in self._turned_away if one.deadline <= now]:
                one.expire()

    def tick(self) -> float:
        """Look at the clock once; return what it says."""
        self.now = time.monotonic()
        self.date = f"date: {formatdate(usegmt=True)}\r\n".encode()
        return self.now

    def cut(self) -> None:
        """End everything that is still open or at work, at once."""
        _log.warning("%d requests were cut off, %d connections", len(self.tasks), len(self.open))
        for task in list(self.tasks):
            task.cancel()
        for one in [*self.open, *self._turned_away]:
            one.cut()


def plain(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a proxy or a socket names, with a port or without; of IPv4 in IPv6's
    clothes (RFC 4291 §2.5.5.2) the IPv4 one."""
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        return getattr(address, "ipv4_mapped", None) or address
    return None
