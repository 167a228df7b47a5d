"""The NATS configurations that come with Doorward, run as they are but for addresses, ports and folders."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.nats_server import greets, installed_binary
from tests.running import free_port

SIZE = 3
_ROUTE = re.compile(r"nats://[\w.-]+:6222")


def localized(text: str, place: int, ports: list[int], routes: list[int], store: Path) -> str:
    """Return a configuration for the server at this place of a cluster on this machine."""
    places = iter(routes)
    text = _ROUTE.sub(lambda _: f"nats://127.0.0.1:{next(places)}", text)
    for address, port in (("0.0.0.0:4222", ports[place]), ("0.0.0.0:6222", routes[place])):
        assert text.count(address) == 1
        text = text.replace(address, f"127.0.0.1:{port}")
    text = re.sub(r'http: "[\d.]+:8222"', 'http: "127.0.0.1:-1"', text)
    text, replaced = re.subn(r"store_dir: \S+", f'store_dir: "{store}"', text)
    assert replaced == 1
    return text


@contextmanager
def started(folder: Path, text: str, accounts: str, *, greeting: bool = True) -> Iterator[str]:
    """Start three servers from one configuration; yields their URLs by comma."""
    ports = [free_port() for _ in range(SIZE)]
    routes = [free_port() for _ in range(SIZE)]
    running: list[subprocess.Popen[bytes]] = []
    try:
        for place in range(SIZE):
            own = folder / str(place)
            (own / "accounts").mkdir(parents=True)
            for where in (own / "accounts.conf", own / "accounts" / "accounts.conf"):
                where.write_text(accounts)
            config = own / "nats.conf"
            config.write_text(localized(text, place, ports, routes, own / "store"))
            running.append(_spawn(config, f"nats-{place}"))
        for port, process in zip(ports, running, strict=True):
            while greeting and not greets(port):
                assert process.poll() is None, (folder / "nats.log").read_text()
        yield ",".join(f"nats://127.0.0.1:{port}" for port in ports)
    finally:
        for process in running:
            process.kill()
            process.wait()


def _spawn(config: Path, name: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "NATS_NAME": name}
    program: list[str | Path] = [installed_binary(), "-c", config]
    tried = subprocess.run([*program, "-t"], env=environment, capture_output=True, check=False)
    assert tried.returncode == 0, tried.stderr
    with (config.parents[1] / "nats.log").open("ab") as log:
        return subprocess.Popen(program, env=environment, stdout=log, stderr=log)
