"""The fixture server on a real port, in the test's own event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from server.app import Application
from server.config import Settings
from server.front import Front
from server.http_server.web_server import WebServer
from server.mcp.resource_server import McpServer
from server.oauth.resources import USER
from server.wiring import System, open_system
from tests import seeds
from tests.conformance_server.offered import offering
from tests.conformance_server.tools import FixtureCalls, tools_of


class FixtureServer(McpServer):
    """What stands at ``/mcp/user``."""

    runs = FixtureCalls


@contextmanager
def opened(folder: Path, port: int) -> Iterator[System]:
    """Open a store with people in it, for a server at this port."""
    settings = Settings(
        data_dir=folder, database_url="sqlite:///:memory:", nats_url="off", port=port
    )
    with open_system(settings) as system:
        seeds.seed_system(system)
        yield system


@asynccontextmanager
async def fixture_server(folder: Path) -> AsyncIterator[str]:
    """Serve; yield the issuer."""
    bound = socket.create_server(("127.0.0.1", 0))
    with opened(folder, bound.getsockname()[1]) as system:
        served, tools = Application(system), tools_of(system)
        fixtures = FixtureServer(
            USER,
            tools,
            system.reads,
            system.settings,
            system.clock,
            served.last_use.note,
            watch=served.watch,
            offering=offering(tools),
        )
        ready = asyncio.Event()
        web = WebServer(
            Front(fixtures.apps(), served.app),
            ready=ready.set,
            draining=served.close_streams,
        )
        async with served.run(), fixtures.run():
            serving = asyncio.create_task(web.serve([bound]))
            await ready.wait()
            yield system.settings.issuer
            web.stop()
            await serving
