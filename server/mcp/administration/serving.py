"""The administrators' resource on its one URL. Each choice of toolsets is an MCP server of its own, with its
own list of tools and its own challenges; it is made when somebody first asks for it, and there are at most
128. Limits, which are the caller's, are those of all of them together (`serve`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import anyio
from anyio.abc import TaskGroup, TaskStatus
from starlette.types import ASGIApp, Receive, Scope, Send

from server.mcp.administration.choosing import BadChoice, Chosen, chosen
from server.mcp.tools import Toolset
from server.oauth.resources import ADMIN, Resource, admin_resource


class Served(Protocol):
    """The MCP server of one choice of toolsets."""

    def apps(self) -> Mapping[str, ASGIApp]:
        """Return what answers at which path."""

    def run(self) -> AbstractAsyncContextManager[None]:
        """Answer requests until the block is left."""


class ToolsetsOf(Protocol):
    """What puts tools together."""

    def of(self, chosen: Chosen) -> Toolset:
        """Return the tools of the chosen toolsets."""


class Administration:
    """The application at ``/mcp/admin``; it must `run` for requests to be answered."""

    def __init__(
        self, toolsets: Callable[[], ToolsetsOf], serve: Callable[[Resource, Toolset], Served]
    ) -> None:
        """`toolsets` reads what puts tools together, and is called once, when an administrator's client
        first calls; `serve` makes an MCP server."""
        self._read = toolsets
        self._serve = serve
        self._toolsets: ToolsetsOf | None = None
        self._apps: dict[Chosen, Mapping[str, ASGIApp]] = {}
        self._starting = anyio.Lock()
        self._tasks: TaskGroup | None = None

    def apps(self) -> Mapping[str, ASGIApp]:
        """Return what answers at which path."""
        return {ADMIN.path: self, f"{ADMIN.path}/": self}

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Answer requests until the block is left."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            try:
                yield
            finally:
                self._tasks = None
                self._apps.clear()
                tasks.cancel_scope.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        try:
            wanted = chosen(scope["query_string"])
        except BadChoice as fault:
            await fault.reply().send(send)
            return
        apps = self._apps.get(wanted) or await self._begun(wanted)
        await apps[scope["path"]](scope, receive, send)

    async def _begun(self, wanted: Chosen) -> Mapping[str, ASGIApp]:
        async with self._starting:
            if wanted not in self._apps:
                assert self._tasks is not None  # noqa: S101 - the server runs
                self._apps[wanted] = await self._tasks.start(self._running, wanted)
            return self._apps[wanted]

    async def _running(
        self, wanted: Chosen, *, task_status: TaskStatus[Mapping[str, ASGIApp]]
    ) -> None:
        """Run the server of one choice, in a task of ours, since it must end where it began."""
        if self._toolsets is None:
            self._toolsets = self._read()
        server = self._serve(admin_resource(wanted), self._toolsets.of(wanted))
        async with server.run():
            task_status.started(server.apps())
            await anyio.sleep_forever()
