"""The socket that requests come in by. It is bound before anything else is done: a server that cannot
listen has no work to do, and whoever connects meanwhile waits in the kernel's queue."""

from __future__ import annotations

import socket

from server.config import Settings
from server.failures import StartFailed

BACKLOG = 1_024


def listen(settings: Settings) -> socket.socket:
    """Return a bound socket; raises `StartFailed` where that cannot be had."""
    where = f"{settings.host}:{settings.port}"
    try:
        found = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind(address)
            bound.listen(BACKLOG)
        except OSError:
            bound.close()
            raise
    except (OSError, UnicodeError) as fault:
        why = f"cannot listen on {where}: {getattr(fault, 'strerror', None) or fault}"
        raise StartFailed(f"{why}; set DOORWARD_HOST or DOORWARD_PORT") from None
    return bound
