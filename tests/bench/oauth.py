"""The authorization server's two hot paths: durable refresh grants through the whole application (an
HTTP request's ASGI messages in, a response out, no socket), and the verification of an access token
as every MCP call does it, on the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode

import msgspec

from server.bearer import verify
from server.config import Settings
from server.wiring import System, open_system
from tests import seeds
from tests.web import Web, web_of

SECONDS = 4.0
CALLERS = (1, 16)
VERIFICATIONS = 5_000


@dataclass(frozen=True)
class Timing:
    """One line of the table: how many a second, and how long one took (milliseconds)."""

    name: str
    per_second: float
    p50: float
    p99: float


def measure(url: str, folder: Path) -> list[Timing]:
    """Return the table of one database."""
    settings = Settings(
        data_dir=folder / "oauth", database_url=url, nats_url="off", rate_limits=False
    )
    with open_system(settings) as system:
        seeds.seed_system(system)
        return asyncio.run(_measure(system))


async def _measure(system: System) -> list[Timing]:
    async with web_of(system) as web:
        lines = [await _refreshes(web, callers) for callers in CALLERS]
        return [*lines, await _verifications(web)]


async def _refreshes(web: Web, callers: int) -> Timing:
    flows = [web.flow() for _ in range(callers)]
    browser = web.browser()
    granted = [await flow.sign_in(browser) for flow in flows]
    tokens = [
        (flow.client_id, one["refresh_token"]) for flow, one in zip(flows, granted, strict=True)
    ]
    took: list[float] = []
    ends = time.perf_counter() + SECONDS

    async def caller(client_id: str, token: str) -> None:
        while time.perf_counter() < ends:
            began = time.perf_counter()
            token = await _refresh(web, client_id, token)
            took.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(caller(*one) for one in tokens))
    return _timing(f"refresh grants, {callers} callers", took, time.perf_counter() - began)


async def _refresh(web: Web, client_id: str, token: str) -> str:
    """Post one refresh to the application; return the next token."""
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": client_id}
    messages = [{"type": "http.request", "body": urlencode(form).encode(), "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/token",
        "raw_path": b"/token",
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "http_version": "1.1",
        "headers": [(b"host", b"127.0.0.1:8000")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }
    await web.transport.app(scope, receive, send)
    answer = msgspec.json.decode(sent[1]["body"])
    return str(answer["refresh_token"])


async def _verifications(web: Web) -> Timing:
    tokens = await web.flow().sign_in(web.browser())
    reads, resource, clock = web.system.reads, f"{web.issuer}/mcp/user", web.system.clock
    token, took = tokens["access_token"], []
    began = time.perf_counter()
    for _ in range(VERIFICATIONS):
        start = time.perf_counter()
        grant = await reads.point_query(lambda rows: verify(rows, token, resource, clock()))
        took.append(time.perf_counter() - start)
        assert grant is not None
    return _timing("token verifications, one by one", took, time.perf_counter() - began)


def _timing(name: str, took: Iterable[float], seconds: float) -> Timing:
    times = sorted(took)
    cuts = quantiles(times, n=100)
    return Timing(name, len(times) / seconds, cuts[49] * 1_000, cuts[98] * 1_000)
