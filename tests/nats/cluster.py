"""A cluster of three nats-servers on this machine, whose servers are killed and started again."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nats.aio.client import Client

from adapters.nats_server import greets, installed_binary
from tests.running import free_port

SIZE, DEADLINE = 3, 60.0


class Cluster:
    """Three servers; each is known by its place among them."""

    def __init__(self, folder: Path, extra: str = "") -> None:
        self.ports = [free_port() for _ in range(SIZE)]
        self._routes = [free_port() for _ in range(SIZE)]
        self._folder = folder
        self._extra = extra
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        """All servers, as `DOORWARD_NATS_URL` names them."""
        return ",".join(f"nats://127.0.0.1:{port}" for port in self.ports)

    def start(self, place: int) -> None:
        folder = self._folder / str(place)
        folder.mkdir(parents=True, exist_ok=True)
        routes = ", ".join(f"nats://127.0.0.1:{port}" for port in self._routes)
        (folder / "server.conf").write_text(
            f"server_name: n{place}\nlisten: 127.0.0.1:{self.ports[place]}\n"
            f'jetstream {{ store_dir: "{folder / "store"}", sync_interval: always }}\n'
            f"cluster {{ name: c, listen: 127.0.0.1:{self._routes[place]}, routes: [{routes}] }}\n"
            f"{self._extra}\n"
        )
        with (folder / "log").open("ab") as log:
            self._running[place] = subprocess.Popen(
                [installed_binary(), "-c", folder / "server.conf"], stdout=log, stderr=log
            )

    def await_greeting(self, place: int) -> None:
        deadline = time.monotonic() + DEADLINE
        while not greets(self.ports[place]):
            assert self._running[place].poll() is None, self.said(place)
            assert time.monotonic() < deadline, self.said(place)
            time.sleep(0.02)

    def said(self, place: int) -> str:
        return (self._folder / str(place) / "log").read_text()

    def kill(self, place: int) -> None:
        """End a server as power does."""
        self._end(place, subprocess.Popen.kill)

    def stop(self, place: int) -> None:
        """End a server as an operator does."""
        self._end(place, subprocess.Popen.terminate)

    def _end(self, place: int, how: Callable[[subprocess.Popen[bytes]], None]) -> None:
        process = self._running.pop(place, None)
        if process is not None:
            how(process)
            process.wait()

    def close(self) -> None:
        for place in range(SIZE):
            self.kill(place)


@contextmanager
def running_cluster(folder: Path, extra: str = "") -> Iterator[Cluster]:
    """Run three servers for as long as the block lasts."""
    cluster = Cluster(folder, extra)
    try:
        for place in range(SIZE):
            cluster.start(place)
        for place in range(SIZE):
            cluster.await_greeting(place)
        yield cluster
    finally:
        cluster.close()


async def leader_of(client: Client, stream: str) -> int:
    """Return the place of the server that leads a stream."""
    info = await client.jetstream().stream_info(stream)
    if info.cluster is None or not info.cluster.leader:
        raise TimeoutError("it has none just now")
    return int(str(info.cluster.leader).removeprefix("n"))
