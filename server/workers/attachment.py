"""A worker's end of the line to its parent: the shared socket, what it reports, and the end of the worker
when the parent is gone."""

from __future__ import annotations

import ctypes
import os
import queue
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from server.supervision.notices import Condition
from server.workers.channel import Channel, Message

LAST_SECONDS = 20.0
"""How long a worker without a parent may take to end."""
ANSWER_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Handed:
    """What a parent hands to a worker, as one argument of the command line: two descriptors, whether it
    is the first worker, which prepares the store for all, and how often it is to say how it fares (0: never)."""

    listener: int
    channel: int
    first: bool
    report_seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.listener}:{self.channel}:{int(self.first)}:{self.report_seconds}"

    @classmethod
    def parse(cls, text: str) -> Handed:
        """Read such an argument; raises `ValueError`."""
        listener, channel, first, seconds = text.split(":")
        return cls(int(listener), int(channel), bool(int(first)), float(seconds))


class Attachment:
    """The line, as the worker holds it, from its first moment on."""

    def __init__(self, handed: Handed) -> None:
        _go_on_without_parent()
        self.listener = socket.socket(fileno=handed.listener)
        self.first = handed.first
        self.report_seconds = handed.report_seconds
        side = socket.socket(fileno=handed.channel)
        side.set_inheritable(False)
        self.listener.set_inheritable(False)
        self._channel = Channel(side)
        self._answers: queue.SimpleQueue[Message] = queue.SimpleQueue()
        threading.Thread(target=self._watch, name="parent-watch", daemon=True).start()

    def ready(self, banner: str) -> None:
        """Say that requests are answered; `banner` is what the first worker has to tell people."""
        self._channel.send({"ready": banner})

    def fares(self, condition: Condition) -> None:
        """Say how this worker fares."""
        said = {"fault": condition.fault, "reasons": condition.reasons}
        self._channel.send({"fares": said})

    def stopping(self) -> None:
        """Say nothing: it is the parent that lets a worker end, or will see that it has."""

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


def _go_on_without_parent() -> None:
    """Ask Linux to let this worker go on, should it be stopped, when its parent has ended: it could not see that, and
    would keep the socket from whoever starts next."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGCONT)
