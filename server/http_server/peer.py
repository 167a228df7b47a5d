"""Who is at the other end of a connection: an address, or a trusted proxy that says whose request it
brings."""

from __future__ import annotations

import asyncio
from typing import Any

from server.http_server.connections import Connections, plain


class Peer:
    """The other end of one connection."""

    __slots__ = ("_all", "_asker", "_believed", "_forwarded", "address", "ends", "own")

    def __init__(self, transport: asyncio.BaseTransport, among: Connections) -> None:
        """`own` says that it is of this machine, or a trusted proxy; `ends` are both ends, as a scope
        names them."""
        name = transport.get_extra_info("peername") or ("", 0)
        here = transport.get_extra_info("sockname") or ("", 0)
        self._all = among
        self.address = str(plain(str(name[0])) or name[0])
        self._believed = among.is_trusted(self.address)
        local = self.address in {"", "::1"} or self.address.startswith("127.")
        self.own = self._believed or local
        self.ends: dict[str, Any] = {
            "server": (str(here[0]), int(here[1])),
            "client": (self.address, int(name[1])),
        }
        self._forwarded = b""
        self._asker = ("", 0)

    def says(self, forwarded: bytes, scope: dict[str, Any]) -> None:
        """Put into a scope who asked, if what the peer says of it is believed."""
        if not self._believed:
            return
        if forwarded != self._forwarded:
            self._forwarded = forwarded
            self._asker = (self._all.asked_by(self.address, forwarded.decode("latin-1")), 0)
        scope["client"] = self._asker
