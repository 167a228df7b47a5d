"""The client, a process of its own so that it takes no time from the server: jobs come in as lines of JSON and
go out as lines of JSON. Connections are kept alive, each with one request under way."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from subprocess import PIPE, Popen
from typing import Any, cast

import uvloop

from tests.bench.mcp_calls.requests import template

SUBMIT = "submit_access_request"
END = b"\r\n\r\n"


@dataclass(frozen=True)
class Job:
    """What to send for how many seconds, over how many connections. A submission takes the next of the
    pairs of token and permission of `app`, from `start` on; `per_second` holds the pace down (0 does not)."""

    port: int
    target: str
    era: str
    connections: int
    seconds: float
    tokens: tuple[str, ...]
    permissions: tuple[str, ...]
    start: int = 0
    per_second: float = 0.0
    app: str = "bench"


@dataclass(frozen=True)
class Outcome:
    """What came of a job; times are in milliseconds. `faults` counts answers that were not good."""

    calls: int
    seconds: float
    p50: float
    p99: float
    faults: int
    fault: str = ""

    @property
    def per_second(self) -> float:
        return self.calls / self.seconds


class Load:
    """The other end of the pipe."""

    def __init__(self, cpu: int | None = None) -> None:
        """`cpu` is the one that it runs on."""
        command = [sys.executable, "-m", "tests.bench.mcp_calls.load"]
        self._process = Popen(command, stdin=PIPE, stdout=PIPE, text=True)
        if cpu is not None:
            os.sched_setaffinity(self._process.pid, {cpu})

    def run(self, job: Job) -> Outcome:
        """Do a job and return what came of it; raises `AssertionError` if an answer was not good."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        self._process.stdin.flush()
        outcome = Outcome(**json.loads(self._process.stdout.readline()))
        assert not outcome.faults, outcome
        return outcome

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


class _Connection(asyncio.Protocol):
    """Sends a request, waits for its answer, sends the next."""

    def __init__(self, next_request: Callable[[], bytes | None], run: _Run) -> None:
        self._next = next_request
        self._run = run
        self._buffer = b""
        self._began = 0.0
        self._transport: asyncio.Transport
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        request = self._next()
        if request is None:
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(END)
        if not separator:
            return
        if len(body) >= _length(head):
            self._buffer = b""
            self._run.answered(time.perf_counter() - self._began, head, body)
            pause = self._run.pause
            if pause:
                asyncio.get_running_loop().call_later(pause, self._send)
            else:
                self._send()

    def connection_lost(self, _fault: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(b"content-length:")
    return int(lowered[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


class _Run:
    """One job at work."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._template = template(job.target, job.era, job.port, job.app)
        self._at = job.start
        self._ends = time.perf_counter() + job.seconds
        self._times: list[float] = []
        self._faults: list[str] = []
        self.pause = job.connections / job.per_second if job.per_second else 0.0

    def next_request(self) -> bytes | None:
        if time.perf_counter() >= self._ends:
            return None
        job, at = self._job, self._at
        self._at += 1
        tokens, permissions = job.tokens, job.permissions
        if job.target != SUBMIT:
            return self._template.filled(tokens[at % len(tokens)])
        if at >= len(tokens) * len(permissions):
            self._faults.append("there is nothing left to ask for")
            return None
        return self._template.filled(tokens[at % len(tokens)], permissions[at // len(tokens)])

    def answered(self, took: float, head: bytes, body: bytes) -> None:
        self._times.append(took)
        good = head.startswith(b"HTTP/1.1 200") and b'"result"' in body
        if self._job.target == SUBMIT:
            good = good and b'"submitted"' in body
        if not good or b'"isError":true' in body:
            self._faults.append(f"{head[:40]!r} {body[:300]!r}")

    async def work(self) -> Outcome:
        loop = asyncio.get_running_loop()
        began = time.perf_counter()
        made = [
            (await loop.create_connection(self._made, "127.0.0.1", self._job.port))[1]
            for _ in range(self._job.connections)
        ]
        await asyncio.gather(*(one.done for one in made))
        took = time.perf_counter() - began
        times = sorted(self._times) or [0.0]
        first = self._faults[0] if self._faults else ""
        return Outcome(
            len(self._times), took, _at(times, 0.5), _at(times, 0.99), len(self._faults), first
        )

    def _made(self) -> _Connection:
        return _Connection(self.next_request, self)


def _at(times: Sequence[float], share: float) -> float:
    return 1_000 * times[min(len(times) - 1, int(len(times) * share))]


def main() -> None:
    """Do jobs until there are no more."""
    for line in sys.stdin:
        given: dict[str, Any] = json.loads(line)
        given["tokens"], given["permissions"] = tuple(given["tokens"]), tuple(given["permissions"])
        outcome = uvloop.run(_Run(Job(**given)).work())
        sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
