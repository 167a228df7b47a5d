"""Parts of the application that are loaded with the first request for one of their paths. Many servers are
never asked for them; a worker that only answers MCP is smaller for it, and starts sooner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound, Router
from starlette.types import Receive, Scope, Send


class LateRoutes(BaseRoute):
    """The routes at some paths and below them. They are loaded on the event loop, by one thread: that takes
    some hundredths of a second, once."""

    def __init__(self, paths: Sequence[str], routes: Callable[[], Sequence[BaseRoute]]) -> None:
        self._paths = tuple(paths)
        self._routes = routes

    @cached_property
    def _router(self) -> Router:
        return Router(self._routes(), redirect_slashes=False)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Say whether a request is for one of the paths; what it is for exactly is seen later."""
        asked = scope["path"] if scope["type"] == "http" else ""
        mine = any(asked == one or asked.startswith(f"{one}/") for one in self._paths)
        return (Match.FULL if mine else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        """Raise `NoMatchFound`: these routes have no names."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._router(scope, receive, send)
