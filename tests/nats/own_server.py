"""A nats-server that is not ours to supervise, with a configuration of the test's own."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.nats_server import greets, installed_binary
from tests.running import free_port


@contextmanager
def own_server(
    folder: Path, accounts: str, extra: str = "", *, greeting: bool = True
) -> Iterator[int]:
    """Run a server with these accounts; yields its port. One that begins with TLS does not greet."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    config = folder / "server.conf"
    store = f'jetstream {{ store_dir: "{folder / "store"}" }}'
    config.write_text(f"listen: 127.0.0.1:{port}\n{store}\n{extra}\n{accounts}")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([installed_binary(), "-c", config], stderr=log)
    try:
        while not (greets(port) if greeting else _listens(port)):
            assert process.poll() is None, (folder / "log").read_text()
        yield port
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
