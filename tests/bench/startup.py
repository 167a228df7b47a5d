"""From the start of the process to the first good call, and the memory of one worker: a real ``doorward
serve`` on a store that has people, a catalog and a token from before. The call is sent as soon as the port
takes connections and waits there, so nothing is polled while the server starts."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from tests.browser import FormBrowser
from tests.mcp.wire import LEGACY, MODERN
from tests.oauth.flow import Flow
from tests.running import RunningServer

CALLS = 2_000
CALLERS = 8
JUSTIFICATION = "Quarter-end report"
_ids = count(1)


@dataclass
class Start:
    """One start: seconds until it said that it is ready, seconds until the first good call, megabytes
    then and after many calls, and seconds of processor time until the first good call."""

    ready: float = 0.0
    called: float = 0.0
    processor: float = 0.0
    memory: float = 0.0
    memory_later: float = 0.0
    threads: int = 0


@dataclass
class Caller:
    """One connection of a client that has a token already."""

    port: int
    token: str
    era: str = MODERN
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def connect(self, until: float) -> None:
        """Connect, again and again until the port is there."""
        while True:
            try:
                self.connection.connect()
            except ConnectionRefusedError:
                assert time.monotonic() < until
                time.sleep(0.002)
            else:
                return

    def call(self, tool: str, **arguments: object) -> Any:
        """Call a tool; return its structured content."""
        params: dict[str, Any] = {"name": tool, "arguments": arguments}
        headers = {
            "accept": "application/json, text/event-stream",
            "content-type": "application/json",
            "authorization": f"Bearer {self.token}",
            "mcp-protocol-version": self.era,
        }
        if self.era == MODERN:
            headers |= {"mcp-method": "tools/call", "mcp-name": tool}
            params["_meta"] = {
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientCapabilities": {},
            }
        body = {"jsonrpc": "2.0", "id": next(_ids), "method": "tools/call", "params": params}
        self.connection.request("POST", "/mcp/user", json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return json.loads(text)["result"]


def measure(folder: Path, settings: dict[str, str], times: int) -> list[Start]:
    """Start so many times on one store; return what each start came to."""
    folder.mkdir(parents=True)
    server = RunningServer(folder / "data", settings={"DOORWARD_RATE_LIMITS": "off", **settings})
    server.start()
    try:
        token = asyncio.run(_token(server))
        wishes = _wishes(Caller(server.port, token))
    finally:
        server.stop()
    return [_one(server, token, wishes) for _ in range(times)]


async def _token(server: RunningServer) -> str:
    async with httpx.AsyncClient() as client, FormBrowser(server.issuer) as browser:
        tokens = await Flow(client, server.issuer).sign_in(browser)
    return str(tokens["access_token"])


def _wishes(caller: Caller) -> list[tuple[str, str]]:
    """Return permissions that may be asked for, each with its app."""
    found = caller.call("search_requestable_permissions", search_term="access", size=20)
    return [
        (one["app_id"], one["id"])
        for one in found["structuredContent"]["items"]
        if one["requestable"]
    ]


def _one(server: RunningServer, token: str, wishes: list[tuple[str, str]]) -> Start:
    told = Start()
    began = time.monotonic()
    with _started(server, told, began) as process:
        first = Caller(server.port, token)
        first.connect(began + 60)
        result = first.call("list_access_requests")
        told.called = time.monotonic() - began
        assert "structuredContent" in result, result
        told.processor = _processor(process.pid)
        told.memory = _status(process.pid, "VmRSS") / 1_024
        _mixed(server.port, token, wishes)
        told.memory_later = _status(process.pid, "VmRSS") / 1_024
        told.threads = _status(process.pid, "Threads")
    return told


@contextmanager
def _started(server: RunningServer, told: Start, began: float) -> Iterator[subprocess.Popen[str]]:
    """Start ``doorward serve``, without the demo; compiled modules are kept, as they are where it is
    installed."""
    environment = server.environment()
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment.pop("DOORWARD_DEMO_PASSWORD")
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "serve"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    reading = threading.Thread(target=_hear, args=(process, told, began))
    reading.start()
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)
        reading.join()


def _hear(process: subprocess.Popen[str], told: Start, began: float) -> None:
    assert process.stdout is not None
    with process.stdout as said:
        for line in said:
            if line.rstrip().endswith("is ready."):
                told.ready = time.monotonic() - began


def _mixed(port: int, token: str, wishes: list[tuple[str, str]]) -> None:
    """Call the tools as people do, over several connections, in both eras."""

    def work(number: int) -> None:
        caller = Caller(port, token, (MODERN, LEGACY)[number % 2])
        for at in range(CALLS // CALLERS):
            match at % 10:
                case 0 | 1:
                    caller.call("search_apps", name_search="customer data")
                case 2:
                    app, permission = wishes[(number + at) % len(wishes)]
                    caller.call(
                        "submit_access_request",
                        app_id=app,
                        requestable_permission_ids=[permission],
                        business_justification=JUSTIFICATION,
                    )
                case 3 | 4:
                    caller.call("search_requestable_permissions", search_term="report reader")
                case _:
                    caller.call("list_access_requests")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(CALLERS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def _status(pid: int, name: str) -> int:
    """Return a number of what Linux tells of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(name)


def _processor(pid: int) -> float:
    """Return the seconds of processor time of a process, not of its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
