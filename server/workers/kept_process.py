"""A program that is kept running beside the server: started again when it dies, ended when we end. Whoever
keeps it holds a lock, so that nobody else keeps the same one.

A disk that was full is a reason to start it again, too: nats-server, for one, never again writes to a stream that
it once could not write to, and says no word of it to those who publish (2.15)."""

from __future__ import annotations

import ctypes
import fcntl
import logging
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

STOP_SECONDS = 5.0
STEADY_SECONDS = 10.0
"""Who ran for so long is started again at once."""
PAUSES = (0.1, 0.5, 1.0, 2.0, 5.0)
LOOK_SECONDS = 1.0
"""Between looks at the disk."""
FULL, ROOM = 4 * 2**20, 12 * 2**20
"""Bytes that are free on a disk that counts as full, and on one that has room again."""
_PR_SET_PDEATHSIG = 1
_log = logging.getLogger(__name__)


class KeptProcess:
    """One such program. Start it from the main thread: on Linux the kernel ends it with the thread that
    started it."""

    def __init__(self, command: Sequence[str], log: Path, lock: Path) -> None:
        """`log` gets what it writes, on the disk that it writes to. Raises `OSError` if it cannot be
        started, `BlockingIOError` if another process holds the lock."""
        self.command = tuple(command)
        self._log = log
        self._closing = threading.Event()
        self._lock = lock.open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.process = self._spawned()
        except OSError:
            self._lock.close()
            raise
        for name, watch in (("kept-process", self._watch), ("kept-disk", self._watch_disk)):
            threading.Thread(target=watch, name=name, daemon=True).start()

    def stop(self) -> None:
        """End it, gently and then not."""
        self._closing.set()
        process = self.process
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._lock.close()

    def _spawned(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own command
                self.command,
                stdout=log,
                stderr=log,
                # A terminal's Ctrl-C is ours to take: it is stopped when we have stopped.
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - only a system call
            )

    def _watch(self) -> None:
        attempt = 0
        while not self._closing.is_set():
            began = time.monotonic()
            code = self.process.wait()
            if self._closing.is_set():
                return
            attempt = 0 if time.monotonic() - began > STEADY_SECONDS else attempt
            pause = PAUSES[min(attempt, len(PAUSES) - 1)]
            attempt += 1
            name = Path(self.command[0]).name
            _log.error("%s ended with %s; starting it again in %s s", name, code, pause)
            if not self._closing.wait(pause):
                self._start_again(name)

    def _watch_disk(self) -> None:
        """End the program when its disk has room again after it was full; it is then started again."""
        full = False
        while not self._closing.wait(LOOK_SECONDS):
            try:
                free = shutil.disk_usage(self._log.parent).free
            except OSError:
                continue
            if full and free >= ROOM:
                _log.warning("the disk of %s has room again", Path(self.command[0]).name)
                self.process.terminate()
                full = False
            full = full or free < FULL

    def _start_again(self, name: str) -> None:
        try:
            self.process = self._spawned()
        except OSError as fault:
            _log.error("%s could not be started again: %s", name, fault.strerror)
        else:
            if self._closing.is_set():
                self.process.kill()
                self.process.wait()


def _die_with_parent() -> None:
    """Ask Linux to end the child when its parent ends, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
