"""The control socket: on SQLite one process alone writes, so a command line that finds a server
running hands its work over a Unix socket in the data folder, which is its owner's alone.

The exchange: one line of JSON ``{"command", "length"}``, then `length` bytes; back come lines of
``{"progress": {...}}`` and at last one ``{"done": {...}}`` or ``{"error": "..."}``."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.envelope import Unreadable
from domain.errors import Refused
from domain.ports import Unavailable
from server.bad_file import BadFile
from server.failures import NoServer, StartFailed, WorkFailed
from server.operations import OPERATIONS

if TYPE_CHECKING:
    from server.operations.operation import Operation, Report
    from server.wiring import System

NAME = "control.sock"
LINE_LIMIT = 4_096
BODY_LIMIT = 512 * 1024 * 1024
ANSWERED = (BadFile, Refused, StartFailed, Unavailable, Unreadable, WorkFailed)
"""Faults that are the sender's to read; any other is ours."""

_log = logging.getLogger(__name__)


class Control:
    """The server's end of the socket."""

    def __init__(self, system: System) -> None:
        self._system = system

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Take work until the block is left. On PostgreSQL there is none: whoever has some opens the store
        himself, and many servers may share a data folder."""
        if not self._system.settings.on_sqlite:
            yield
            return
        folder = self._system.settings.data_dir
        path = folder / NAME
        path.unlink(missing_ok=True)
        with _short(folder) as short:
            bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            bound.bind(str(short / NAME))
        path.chmod(0o600)
        server = await asyncio.start_unix_server(self._answer, sock=bound, limit=LINE_LIMIT)
        try:
            yield
        finally:
            server.close()
            path.unlink(missing_ok=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()

        def send(kind: str, content: object) -> None:
            if not writer.is_closing():
                writer.write(json.dumps({kind: content}).encode() + b"\n")

        def report(progress: Mapping[str, int]) -> None:
            loop.call_soon_threadsafe(send, "progress", dict(progress))

        try:
            operation, body = await _received(reader)
            done = await asyncio.to_thread(operation, self._system, body, report)
            send("done", done)
        except (*ANSWERED, _NotUnderstood) as fault:
            send("error", str(fault))
        except Exception:  # noqa: BLE001 - the sender hears that it failed, the log hears why
            _log.exception("an operation over the control socket failed")
            send("error", "the server failed; see its log")
        finally:
            writer.close()


class _NotUnderstood(Exception):  # noqa: N818 - says what happened
    """What came is no request that this server knows."""


async def _received(reader: asyncio.StreamReader) -> tuple[Operation, bytes]:
    """Return what is to be done, and what was given for it; raises `_NotUnderstood`."""
    try:
        header = json.loads(await reader.readline())
        length = int(header["length"])
        if not 0 <= length <= BODY_LIMIT:
            raise _NotUnderstood(f"more than {BODY_LIMIT} bytes are not taken")
        return OPERATIONS[header["command"]], await reader.readexactly(length)
    except (ValueError, KeyError, TypeError, asyncio.IncompleteReadError, ConnectionError):
        told = "the request was not understood; are both of the same version?"
        raise _NotUnderstood(told) from None


def hand_over(folder: Path, command: str, body: bytes, report: Report) -> dict[str, Any]:
    """Let the server of this data folder do the work; return its answer. Raises `WorkFailed`, or
    `NoServer` where none listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            with _short(folder) as short:
                connection.connect(str(short / NAME))
        except OSError:
            raise NoServer(
                f"another process writes the database, but no server answers in {folder}; "
                "is DOORWARD_DATA_DIR that server's?"
            ) from None
        header = {"command": command, "length": len(body)}
        connection.sendall(json.dumps(header).encode() + b"\n" + body)
        for line in _lines(connection):
            message = json.loads(line)
            if "progress" in message:
                report(message["progress"])
            elif "done" in message:
                done: dict[str, Any] = message["done"]
                return done
            else:
                raise WorkFailed(str(message.get("error")))
    raise WorkFailed("the server stopped before the work was done; run it again")


def _lines(connection: socket.socket) -> Iterator[bytes]:
    """Return the lines that come until the other side closes."""
    try:
        with connection.makefile("rb") as incoming:
            yield from incoming
    except OSError:
        return


@contextmanager
def _short(folder: Path) -> Iterator[Path]:
    """Name a folder in few letters: a socket's path has at most 107 bytes on Linux."""
    if not Path("/proc/self/fd").is_dir():
        yield folder
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
