"""A worker's end of the line to its parent: the shared socket, what it reports, and the end of the worker
when the parent is gone."""

from __future__ import annotations

import os
import queue
import signal
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from server.workers.channel import Channel, Message

LAST_SECONDS = 20.0
"""How long a worker without a parent may take to end."""
ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Handed:
    """What a parent hands to a worker, as one argument of the command line: two descriptors, and whether it
    is the first worker, which prepares the store for all."""

    listener: int
    channel: int
    first: bool

    def __str__(self) -> str:
        return f"{self.listener}:{self.channel}:{int(self.first)}"

    @classmethod
    def parse(cls, text: str) -> Handed:
        """Read such an argument; raises `ValueError`."""
        listener, channel, first = map(int, text.split(":"))
        return cls(listener, channel, bool(first))


class Attachment:
    """The line, as the worker holds it, from its first moment on."""

    def __init__(self, handed: Handed) -> None:
        self.listener = socket.socket(fileno=handed.listener)
        self.first = handed.first
        side = socket.socket(fileno=handed.channel)
        side.set_inheritable(False)
        self.listener.set_inheritable(False)
        self._channel = Channel(side)
        self._answers: queue.SimpleQueue[Message] = queue.SimpleQueue()
        threading.Thread(target=self._watch, name="parent-watch", daemon=True).start()

    def ready(self, banner: str) -> None:
        """Say that requests are answered; `banner` is what the first worker has to tell people."""
        self._channel.send({"ready": banner})

    def keep(self, command: Sequence[str], log: Path, lock: Path) -> None:
        """Let the parent keep a program running for all workers; raises `OSError` as `KeptProcess` does."""
        self._channel.send({"keep": list(command), "log": str(log), "lock": str(lock)})
        number = self._answers.get(timeout=ANSWER_SECONDS)["kept"]
        if number:
            raise OSError(number, os.strerror(number))

    def _watch(self) -> None:
        while not self._channel.closed:
            for message in self._channel.received():
                self._answers.put(message)
        # The parent is gone, without a word: end in order, but do end.
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(LAST_SECONDS)
        os._exit(1)
