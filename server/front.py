"""The way in: a request for one of the paths that are called most goes straight to what answers there,
any other through the router, which looks at one route after the other and costs more than a short
answer does."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class Front:
    """An ASGI application before all others."""

    def __init__(self, direct: Mapping[str, ASGIApp], rest: ASGIApp) -> None:
        """`direct` is by path, as it stands in a request."""
        self._direct = dict(direct)
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        app = self._rest
        if scope["type"] == "http":
            app = self._direct.get(scope["path"], app)
        await app(scope, receive, send)
