"""The mcp SDK's server, which answers what the endpoint does not understand. Reading the SDK takes half a
second and 26 MB, so it is read when such a request first comes, on a thread of its own, and once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import anyio
from anyio.abc import TaskGroup, TaskStatus
from starlette.types import Receive, Scope, Send


class Sessions(Protocol):
    """What the SDK calls a session manager."""

    def run(self) -> AbstractAsyncContextManager[None]:
        """Let requests be handled until the block is left."""

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one."""


class SdkServer:
    """An ASGI application; it must `run` for requests to be answered."""

    def __init__(self, build: Callable[[], Sessions]) -> None:
        """`build` reads the SDK; it is called on a thread."""
        self._build = build
        self._sessions: Sessions | None = None
        self._tasks: TaskGroup | None = None
        self._starting = anyio.Lock()

    @property
    def built(self) -> bool:
        """Whether anything has needed it yet."""
        return self._sessions is not None

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Answer requests until the block is left."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            try:
                yield
            finally:
                self._tasks = self._sessions = None
                tasks.cancel_scope.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        async with self._starting:
            if self._sessions is None:
                assert self._tasks is not None  # noqa: S101 - the server runs
                self._sessions = await self._tasks.start(self._serve)
        await self._sessions.handle_request(scope, receive, send)

    async def _serve(self, *, task_status: TaskStatus[Sessions]) -> None:
        """Keep the SDK's own tasks in one of ours, since they must end where they began."""
        sessions = await anyio.to_thread.run_sync(self._build)
        async with sessions.run():
            task_status.started(sessions)
            await anyio.sleep_forever()
