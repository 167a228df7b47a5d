"""A real server of many processes, and a look at which there are."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.running import RunningServer

DEADLINE = 60.0
OFF = {"DOORWARD_NATS_URL": "off"}


def family(folder: Path, database: str, workers: int, **settings: str) -> RunningServer:
    """Return a server of so many workers that has not been started."""
    given = {"DOORWARD_DATABASE_URL": database, "DOORWARD_RATE_LIMITS": "off", **settings}
    return RunningServer(folder, given, ("serve", "--demo", "--workers", str(workers)))


@contextmanager
def running(server: RunningServer) -> Iterator[RunningServer]:
    """Run it for as long as the block lasts, and leave nothing behind."""
    server.start()
    try:
        yield server
    finally:
        assert server.process is not None
        left = children(server.process.pid)
        if server.process.poll() is None:
            server.stop()
        for one in left:
            if alive(one):
                os.kill(one, signal.SIGKILL)


def parent_of(server: RunningServer) -> int:
    assert server.process is not None
    return server.process.pid


def children(pid: int, naming: str = "") -> set[int]:
    """Return the processes that another has started, by what their command line says."""
    listed = subprocess.run(
        ["ps", "-axo", "pid=,ppid=,args="],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    return {int(row[0]) for row in rows if int(row[1]) == pid and naming in row[2]}


def workers(server: RunningServer) -> set[int]:
    """Return the worker processes."""
    return children(parent_of(server), "--handed")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    # A dead one that nobody has asked after yet is dead.
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
