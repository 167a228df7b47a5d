"""A real Doorward as a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue

READY_SECONDS = 60
PASSWORD = "demo-password"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RunningServer:
    """``doorward serve --demo`` on a free port with its data in `folder`."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ("serve", "--demo")
    port: int = field(default_factory=free_port)
    before: tuple[str, ...] = ()
    """A command that runs it, if it is not run here."""
    process: subprocess.Popen[str] | None = None
    lines: list[str] = field(default_factory=list)
    _reader: threading.Thread | None = None

    def __post_init__(self) -> None:
        # Tests change them, and give the same ones to several.
        self.settings = dict(self.settings)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def mcp_url(self) -> str:
        return f"{self.issuer}/mcp/user"

    def environment(self) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("DOORWARD_")}
        return {
            **clean,
            "DOORWARD_PORT": str(self.port),
            "DOORWARD_DATA_DIR": str(self.folder),
            "DOORWARD_DEMO_PASSWORD": PASSWORD,
            # Tests call far more often than people; those of the limits set them again.
            "DOORWARD_CALLS_PER_MINUTE": "0",
            "DOORWARD_WRITES_PER_MINUTE": "0",
            **self.settings,
        }

    def start(self) -> RunningServer:
        """Start and wait until it says that it is ready."""
        with (self.folder.parent / f"{self.folder.name}.stderr").open("a") as stderr:
            self.process = subprocess.Popen(
                [*self.before, sys.executable, "-m", "server", *self.arguments],
                env=self.environment(),
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        said: Queue[bool] = Queue()
        self._reader = threading.Thread(target=self._read, args=(self.process, said))
        self._reader.start()
        try:
            ready = said.get(timeout=READY_SECONDS)
        except Empty:
            ready = False
        if not ready:
            self.stop(signal.SIGKILL)
        assert ready, f"it does not become ready: {self.said()}"
        return self

    def _read(self, process: subprocess.Popen[str], said: Queue[bool]) -> None:
        """Say whether it has become ready: at its words, or when it ends without them."""
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.lines.append(line.rstrip())
                if line.startswith("  Data"):
                    said.put(True)
        said.put(False)

    def said(self) -> str:
        """Return what it wrote to stderr."""
        return (self.folder.parent / f"{self.folder.name}.stderr").read_text()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; return the exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        code = self.process.wait(30)
        if self._reader is not None:
            self._reader.join()
        return code

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command with the same settings."""
        return subprocess.run(
            [sys.executable, "-m", "server", *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
