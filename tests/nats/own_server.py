"""A nats-server that is not ours to supervise, with a configuration of the test's own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.nats_server import greets, installed_binary
from tests.running import free_port


@contextmanager
def own_server(folder: Path, accounts: str, extra: str = "") -> Iterator[int]:
    """Run a server with these accounts; yields its port."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    config = folder / "server.conf"
    store = f'jetstream {{ store_dir: "{folder / "store"}" }}'
    config.write_text(f"listen: 127.0.0.1:{port}\n{store}\n{extra}\n{accounts}")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([installed_binary(), "-c", config], stderr=log)
    try:
        while not greets(port):
            assert process.poll() is None, (folder / "log").read_text()
        yield port
    finally:
        process.kill()
        process.wait()
