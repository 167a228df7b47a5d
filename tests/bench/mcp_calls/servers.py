"""The servers that are measured, as processes, and what they cost: the time of the processor and memory, of
all their processes together."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection
from urllib.request import urlopen

import psutil

from tests.running import RunningServer, free_port

DEADLINE = 30.0
REST = 120.0
LAGS = ("doorward_projection_lag_events{", "doorward_publisher_lag_events ")


@dataclass(frozen=True)
class Measured:
    """A server at a port, and its first process."""

    port: int
    pid: int

    def processor_seconds(self) -> float:
        """Return what its processes have used so far."""
        times = [one.cpu_times() for one in _ours(self.pid)]
        return float(sum(one.user + one.system for one in times))

    def megabytes(self) -> float:
        """Return the resident memory of its processes that run our code."""
        return float(sum(one.memory_info().rss for one in _ours(self.pid))) / 2**20


def at_rest(port: int) -> None:
    """Wait until Doorward has told NATS, and its read models, all that happened: else the one who is measured
    next pays for the one before."""
    until = time.monotonic() + REST
    while _lag(port):
        assert time.monotonic() < until, "it does not come to rest"
        time.sleep(0.2)


def _lag(port: int) -> float:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        lines: list[str] = answer.read().decode().splitlines()
    return sum(float(one.rpartition(" ")[2]) for one in lines if one.startswith(LAGS))


@contextmanager
def noop_server(cpu: int | None) -> Iterator[Measured]:
    """Run the SDK's server."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.mcp_calls.noop_server", str(port)]
    process = subprocess.Popen(command)
    try:
        if cpu is not None:
            os.sched_setaffinity(process.pid, {cpu})
        _await(port)
        yield Measured(port, process.pid)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def doorward(
    folder: Path, url: str, port: int, cpu: int | None, workers: int = 1, **more: str
) -> Iterator[Measured]:
    """Run Doorward, all its processes, as somebody would who has read the README, with `more` settings."""
    settings = {"DOORWARD_RATE_LIMITS": "off", "DOORWARD_LOCAL_ACCOUNTS": "on", **more}
    if url:
        settings["DOORWARD_DATABASE_URL"] = url
    server = RunningServer(
        folder, settings, arguments=("serve", "--workers", str(workers)), port=port
    )
    server.start()
    assert server.process is not None
    try:
        if cpu is not None:
            _pin(server.process.pid, cpu)
        yield Measured(port, server.process.pid)
    finally:
        server.stop()


def processors() -> tuple[int | None, int | None]:
    """Return where the servers run and where the client does, each alone if there are two."""
    available = sorted(os.sched_getaffinity(0))
    return (available[0], available[1]) if len(available) > 1 else (None, None)


def _pin(pid: int, cpu: int) -> None:
    """Keep our processes with all their threads on one processor; a nats-server finds its own place."""
    for process in _ours(pid):
        for thread in process.threads():
            os.sched_setaffinity(thread.id, {cpu})


def _ours(pid: int) -> list[psutil.Process]:
    first = psutil.Process(pid)
    found = [first, *first.children(recursive=True)]
    return [one for one in found if "nats-server" not in one.name()]


def _await(port: int) -> None:
    until = time.monotonic() + DEADLINE
    while True:
        try:
            create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < until
        else:
            return
