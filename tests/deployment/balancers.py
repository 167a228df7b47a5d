"""The load balancers that come with Doorward, run from the very files but for addresses and certificate, and
servers of a test's own to stand behind them."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from server import deployment
from tests.certificates import write_certificate
from tests.conftest import missing
from tests.running import free_port


@dataclass(frozen=True)
class Balancer:
    """Where one listens, and how a client trusts it."""

    url: str
    trust: ssl.SSLContext | bool = True


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """Put other words in place of those that must be there, each once."""
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


@contextmanager
def caddy(folder: Path, ports: list[int]) -> Iterator[Balancer]:
    """Run Caddy before these ports, without its certificates: it would ask for real ones."""
    beside = Path(sys.executable).with_name("caddy")
    binary = str(beside) if beside.exists() else shutil.which("caddy")
    if binary is None:
        missing("caddy")
    assert binary is not None
    url = f"http://127.0.0.1:{free_port()}"
    text = (deployment.FOLDER / "compose" / "Caddyfile").read_text()
    behind = " ".join(f"127.0.0.1:{port}" for port in ports)
    text = replaced(
        text,
        ("doorward-1:8000 doorward-2:8000", behind),
        ("{\n\tservers {", "{\n\tadmin off\n\tservers {"),
    )
    folder.mkdir()
    (folder / "Caddyfile").write_text(text)
    program = [binary, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    environment = {**os.environ, "SITE": url, "XDG_DATA_HOME": str(folder), "HOME": str(folder)}
    with _running(program, folder / "log", environment):
        yield Balancer(url)


@contextmanager
def haproxy(folder: Path, ports: list[int]) -> Iterator[Balancer]:
    """Run HAProxy before these ports, with TLS."""
    binary = shutil.which("haproxy") or shutil.which("/usr/sbin/haproxy")
    if binary is None:
        missing("haproxy")
    assert binary is not None
    folder.mkdir()
    certificate = write_certificate(folder / "doorward.pem")
    port = free_port()
    text = replaced(
        (deployment.FOLDER / "haproxy.cfg").read_text(),
        ("bind :80\n", f"bind 127.0.0.1:{free_port()}\n"),
        (
            "bind :443 ssl crt /etc/haproxy/doorward.pem",
            f"bind 127.0.0.1:{port} ssl crt {certificate}",
        ),
        ("doorward-a.example.com:8000", f"127.0.0.1:{ports[0]}"),
        ("doorward-b.example.com:8000", f"127.0.0.1:{ports[1]}"),
    )
    (folder / "haproxy.cfg").write_text(text)
    tried = subprocess.run(
        [binary, "-c", "-f", folder / "haproxy.cfg"], capture_output=True, text=True, check=False
    )
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert "WARNING" not in tried.stderr, tried.stderr
    program = [binary, "-db", "-f", str(folder / "haproxy.cfg")]
    with _running(program, folder / "log", dict(os.environ)):
        trust = ssl.create_default_context(cafile=certificate)
        yield Balancer(f"https://127.0.0.1:{port}", trust)


@contextmanager
def _running(program: list[str], log: Path, environment: dict[str, str]) -> Iterator[None]:
    with log.open("wb") as said:
        process = subprocess.Popen(program, stdout=said, stderr=said, env=environment)
    try:
        yield
        assert process.poll() is None, log.read_text()
    finally:
        process.terminate()
        process.wait(20)


@dataclass
class Upstream:
    """A server that stands where a Doorward would: it keeps what it is asked, and answers as it is told."""

    answer: Callable[[asyncio.StreamWriter], Awaitable[None]]
    ready: bool = True
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(server.sockets[0].getsockname()[1])
        try:
            yield
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().strip().split("\r\n")
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in lines)
                }
                await reader.readexactly(int(headers.get("content-length", "0")))
                await self._respond(first, headers, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _respond(
        self, first: str, headers: dict[str, str], writer: asyncio.StreamWriter
    ) -> None:
        if first.startswith("GET /readyz "):
            status = "200 OK" if self.ready else "503 Service Unavailable"
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
            return
        self.asked.append((first, headers))
        await self.answer(writer)
