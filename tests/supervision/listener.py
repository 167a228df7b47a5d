"""What a service manager hears at its socket."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = 60
Notice = dict[str, str]


@dataclass
class Listener:
    """A socket, and all that came."""

    name: str
    """As a service finds it in its environment."""
    line: socket.socket
    heard: list[Notice] = field(default_factory=list)

    def next(self) -> Notice:
        """Wait for a message."""
        return self._took(self.line.recv(65_536))

    def until(self, wanted: Callable[[Notice], bool]) -> Notice:
        """Wait for such a message; fails where none comes."""
        while not wanted(notice := self.next()):
            pass
        return notice

    def rest(self) -> list[Notice]:
        """Return all that has come and was not looked at."""
        self.line.settimeout(0)
        found: list[Notice] = []
        try:
            while True:
                found.append(self._took(self.line.recv(65_536)))
        except BlockingIOError:
            return found
        finally:
            self.line.settimeout(SECONDS)

    def _took(self, data: bytes) -> Notice:
        pairs = [line.partition("=") for line in data.decode().split("\n")]
        notice = {name: value for name, _, value in pairs}
        assert len(notice) == len(pairs)
        self.heard.append(notice)
        return notice


@contextmanager
def listener(name: str) -> Iterator[Listener]:
    """Listen at a path, or at an abstract name that begins with ``@``."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(f"\0{name[1:]}" if name.startswith("@") else name)
        line.settimeout(SECONDS)
        yield Listener(name, line)
        if not name.startswith("@"):
            Path(name).unlink()


def ready(notice: Notice) -> bool:
    return notice.get("READY") == "1"


def stopping(notice: Notice) -> bool:
    return notice.get("STOPPING") == "1"
