"""What is looked at before a body is read for what it says: that the request is for this host, from a
page that may send it, and holds JSON. Together they keep a foreign page from calling a server that
only its visitor's machine can reach (DNS rebinding)."""

from __future__ import annotations

from collections.abc import Iterable

from server.mcp.protocol.replies import Reply, plain
from server.mcp.protocol.request_headers import CONTENT_TYPE, HOST, JSON, ORIGIN, RequestHeaders


class Security:
    """The hosts that are ours and the origins that may call."""

    def __init__(self, hosts: Iterable[str], origins: Iterable[str]) -> None:
        self.hosts = frozenset(hosts)
        self.origins = frozenset(origins)

    def refusal(self, headers: RequestHeaders) -> Reply | None:
        """Return what a request is refused with, None if it may go on."""
        kind = headers.get(CONTENT_TYPE)
        if kind is None or not kind.lower().startswith(JSON):
            return plain(400, "Invalid Content-Type header")
        host = headers.get(HOST)
        if host not in self.hosts:
            return plain(421, "Invalid Host header")
        origin = headers.get(ORIGIN)
        if origin and origin not in self.origins:
            return plain(403, "Invalid Origin header")
        return None
