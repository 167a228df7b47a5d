"""One worker as its parent sees it: a process, the line to it, and how far it is."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from server.supervision.notices import Condition
from server.workers.attachment import Handed
from server.workers.channel import Channel, Message

GENTLE_SECONDS = 5.0
"""In which who calls at all has called once more."""
END_SECONDS = 20.0
"""Longer than a worker's own grace for requests at work."""


class Worker:
    """A process that serves, or is about to, or is about to end."""

    def __init__(
        self,
        listener: socket.socket,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        first: bool,
        report_seconds: float = 0.0,
    ) -> None:
        """Start it. It shares the listening socket; everything else of the parent's stays closed. It says how it
        fares every `report_seconds`, if that is not 0."""
        ours, theirs = socket.socketpair()
        handed = Handed(listener.fileno(), theirs.fileno(), first, report_seconds)
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-P", "-m", "server", *arguments, "--handed", str(handed)],
                env=environment,
                pass_fds=(handed.listener, handed.channel),
                # A terminal's signals are the parent's to take and to pass on.
                start_new_session=True,
            )
        self.channel = Channel(ours)
        self.first = first
        self.ready = False
        self.condition: Condition | None = None
        """How it fares, as far as it has said."""
        self.heard_at = 0.0
        self.ending = False
        self.began = time.monotonic()
        self._hurried_at: float | None = None
        self._killed_at: float | None = None

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def begins(self) -> None:
        """It has said that it answers requests."""
        self.ready = True
        self.heard_at = time.monotonic()

    def fares(self, said: Message) -> None:
        """It has said how it fares."""
        self.condition = Condition(said["fault"], tuple(said["reasons"]))
        self.heard_at = time.monotonic()

    def end(self, *, gently: bool = False) -> None:
        """Ask it to end in order. `gently`, its open connections may first be used once more, so that no
        client meets one that is just being closed."""
        self.ending = True
        self._tell(signal.SIGUSR2 if gently else signal.SIGTERM)
        now = time.monotonic()
        patience = GENTLE_SECONDS if gently else 0
        self._hurried_at = now + patience if gently else None
        self._killed_at = now + patience + END_SECONDS

    def hurry(self) -> bool:
        """If it was asked to end and takes too long, ask again and then kill it; say whether it was
        killed."""
        now = time.monotonic()
        if self._hurried_at is not None and now > self._hurried_at:
            self._hurried_at = None
            self._tell(signal.SIGTERM)
        if self._killed_at is None or now <= self._killed_at or self.process.poll() is not None:
            return False
        self._killed_at = None
        self.process.kill()
        return True

    def _tell(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            os.kill(self.pid, number)

    def close(self) -> None:
        """Forget a process that is over."""
        self.process.wait()
        self.channel.close()
