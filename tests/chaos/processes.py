"""What is killed, paused, cut and restored."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.nats_server import greets, installed_binary
from tests.running import free_port


class NatsProcess:
    """A nats-server on one port with one store, which is started again and again."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self.port = free_port()
        self.store = folder / "store"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "server.conf").write_text(
            f"listen: {host}:{self.port}\n"
            f'jetstream {{ store_dir: "{self.store}", sync_interval: always }}\n'
        )

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [installed_binary(), "-c", self._folder / "server.conf"], stdout=log, stderr=log
            )
        while not greets(self.port):
            assert self._process.poll() is None, (self._folder / "log").read_text()

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def copy_store(self, to: Path) -> None:
        """Keep the store as it is now; the server must not be running."""
        shutil.copytree(self.store, to)

    def restore(self, copy: Path) -> None:
        """Let the store be as it was."""
        shutil.rmtree(self.store)
        shutil.copytree(copy, self.store)


class PublisherProcess:
    """A publisher that dies and is paused."""

    def __init__(self, database_url: str, nats_url: str) -> None:
        self._command = [sys.executable, "-m", "tests.chaos.publishing", database_url, nats_url]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()


@asynccontextmanager
async def cutting_proxy(target: int, chance: random.Random) -> AsyncIterator[int]:
    """Forward to a port of this machine; now and then, take what goes there and cut the way back, so
    that what was stored is not acknowledged. Yields the port to connect to."""

    open_ones: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_ones.add(task)
        ends = [writer]
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", target)
            ends.append(there_writer)
            await _carry(reader, writer, there_reader, there_writer, chance.randint(20, 400))
        except OSError:
            pass
        finally:
            open_ones.discard(task)
            for end in ends:
                end.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for one in list(open_ones):
            one.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)


async def _carry(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    there_reader: asyncio.StreamReader,
    there_writer: asyncio.StreamWriter,
    life: int,
) -> None:
    """Carry both ways until either ends; the way back ends after so many pieces."""
    back = asyncio.create_task(_forward(there_reader, writer, life))
    forth = asyncio.create_task(_forward(reader, there_writer, None))
    try:
        await asyncio.wait({back, forth}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in (back, forth):
            one.cancel()
        await asyncio.gather(back, forth, return_exceptions=True)


async def _forward(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, life: int | None
) -> None:
    """Carry bytes over until the end, or until so many pieces have been carried."""
    pieces = 0
    with contextlib.suppress(OSError):
        while data := await reader.read(4_096):
            pieces += 1
            if life is not None and pieces > life:
                return
            writer.write(data)
            await writer.drain()
