"""The line between the parent and one worker: each message a line of JSON, over a socket pair whose end
is the news that the other side is gone."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from typing import Any

Message = dict[str, Any]
READ = 65_536


class Channel:
    """One side of the line."""

    def __init__(self, side: socket.socket) -> None:
        self._side = side
        self._rest = b""
        self.closed = False

    def fileno(self) -> int:
        """Return the descriptor, for whoever waits for more than one."""
        return self._side.fileno()

    def send(self, message: Message) -> None:
        """Tell the other side, if it is still there."""
        with contextlib.suppress(OSError):
            self._side.sendall(json.dumps(message).encode() + b"\n")

    def received(self) -> Iterator[Message]:
        """Wait for something and return the messages in it; afterwards `closed` says whether the other
        side is gone."""
        try:
            data = self._side.recv(READ)
        except OSError:
            data = b""
        self.closed = not data
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield json.loads(line)

    def close(self) -> None:
        """Close this side."""
        self._side.close()
