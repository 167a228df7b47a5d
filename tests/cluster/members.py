"""Processes that share a database."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import psycopg

PATIENCE = 90.0
"""Seconds within which whatever is awaited has to be true; a machine may have much else to do."""


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for a condition of other threads or processes, polling, with a deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


class Member:
    """A process of its own that runs a program of the tests and says what it does."""

    def __init__(self, program: str, *arguments: str, package: str = "tests.cluster") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{package}.{program}", *arguments],
            stdout=subprocess.PIPE,
            text=True,
        )
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(line.rstrip())

    def hears(self, *wanted: str) -> str:
        """Wait until it says one of these; return which."""
        while True:
            line = self._said.get(timeout=PATIENCE)
            if line in wanted or line.split(" ")[0] in wanted:
                return line

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        self._process.kill()
        self.finish()

    def finish(self) -> int:
        """Wait for its end."""
        code = self._process.wait(PATIENCE)
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code


def end_sessions(url: str) -> int:
    """Have the server end all standing sessions of a database; return how many there were."""
    with psycopg.connect(url, autocommit=True) as connection:
        return len(
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'doorward session' AND datname = current_database()"
            ).fetchall()
        )
