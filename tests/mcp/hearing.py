"""A server on a socket of its own, and clients that hear of changes: a stream is heard as it comes only there."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import anyio
import httpx
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import Subscription
from mcp.shared._httpx_utils import create_mcp_http_client

from server.app import Application
from server.http_server.bounds import Bounds
from server.http_server.web_server import WebServer
from server.mcp.subscriptions.wishes import REQUESTS
from server.wiring import System
from tests.mcp.wire import MODERN, Wire
from tests.web import Web

SECONDS = 20
SMALL = 4_096


@dataclass
class Heard(Web):
    """The application behind a socket."""

    served: Application
    listening: WebServer

    @property
    def streams(self) -> int:
        """How many listen."""
        return len(self.served.watch.dispatcher)


@asynccontextmanager
async def heard_of(system: System, bounds: Bounds | None = None) -> AsyncIterator[Heard]:
    """Serve a system on a free port, with little room in the kernel for what is not read."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
        placed = replace(system, settings=replace(system.settings, port=bound.getsockname()[1]))
        served = Application(placed)
        listening = WebServer(served.app, bounds=bounds, draining=served.close_streams)
        transport = httpx.AsyncHTTPTransport()
        async with (
            served.run(),
            anyio.create_task_group() as group,
            httpx.AsyncClient(transport=transport) as http,
        ):
            group.start_soon(listening.serve, [bound])
            yield Heard(placed, http, transport, served, listening)  # type: ignore[arg-type]  # a socket
            listening.stop()


def uri_of(request_id: str) -> str:
    """Return the URI of a request."""
    return REQUESTS + request_id


def asking(request_id: int | str, notifications: object) -> dict[str, Any]:
    """Return the body of a request to listen."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"_meta": meta, "notifications": notifications}
    return {"jsonrpc": "2.0", "id": request_id, "method": "subscriptions/listen", "params": params}


def headers_of(wire: Wire) -> dict[str, str]:
    """Return the headers of a request to listen."""
    return {
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": MODERN,
        "mcp-method": "subscriptions/listen",
        **({"authorization": f"Bearer {wire.token}"} if wire.token else {}),
    }


async def refused(wire: Wire, notifications: object, **headers: str) -> httpx.Response:
    """Ask to listen where that is refused."""
    body = asking(1, notifications)
    return await wire.post(body, **{"mcp-method": "subscriptions/listen", **headers})


@asynccontextmanager
async def stream(
    wire: Wire, notifications: object, request_id: int | str = 7
) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """Listen by hand; yields the messages, the acknowledgement first."""
    body, headers = asking(request_id, notifications), headers_of(wire)
    timeout = httpx.Timeout(SECONDS)
    async with wire.http.stream(
        "POST", wire.resource, json=body, headers=headers, timeout=timeout
    ) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["x-accel-buffering"] == "no"
        yield _messages(answer)


async def _messages(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


@asynccontextmanager
async def client_of(wire: Wire) -> AsyncIterator[Client]:
    """The official Python client with somebody's token, in the modern era."""
    headers = {"authorization": f"Bearer {wire.token}"}
    async with create_mcp_http_client(headers=headers) as http:
        transport = streamable_http_client(wire.resource, http_client=http)
        async with Client(transport, mode=MODERN) as client:
            yield client


async def next_of(subscription: Subscription) -> object:
    """Return what is told next; fails where nothing comes."""
    async with asyncio.timeout(SECONDS):
        return await anext(subscription)


async def ended(subscription: Subscription) -> bool:
    """Say whether a stream ends in good order, without anything more being told."""
    async with asyncio.timeout(SECONDS):
        return [one async for one in subscription] == []


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(SECONDS):
        while not holds():
            await asyncio.sleep(0.01)
