"""The example services as processes of their own, with the keys that the command line gave them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from server import examples
from tests.running import RunningServer


def added(server: RunningServer, name: str, rights: str, folder: Path) -> dict[str, Any]:
    """Add an integration and keep its seed in a file; return what the command line said."""
    done = server.run("integration", "add", name, "--may", rights, "--json")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    seed = folder / f"{name}.nk"
    seed.write_text(told["nats_seed"])
    return told


class Service:
    """A running example."""

    def __init__(self, program: str, told: dict[str, Any], folder: Path, *more: str) -> None:
        name = told["name"]
        path = Path(examples.__file__).parent / program
        self._command = [sys.executable, str(path), "--url", told["nats_url"], "--name", name]
        self._command += ["--seed", str(folder / f"{name}.nk"), *more]
        self._log = folder / f"{name}.log"
        self._folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, away from Doorward's own code."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, stdout=log, stderr=log, cwd=self._folder
            )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; return the exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(30)

    def said(self) -> str:
        """Return what it printed."""
        return self._log.read_text() if self._log.exists() else ""


@contextmanager
def running(service: Service) -> Iterator[Service]:
    """Run it for as long as the block lasts."""
    service.start()
    try:
        yield service
    finally:
        if service.process is not None and service.process.poll() is None:
            assert service.stop() == 0, service.said()
