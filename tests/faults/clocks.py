"""A wall clock that a test moves while a server runs: libfaketime stands before the C library and reads from a file by
how much. The monotonic clock goes on as it does when somebody sets a machine's time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.faults.needs import faketime_library

SLEEP = """
import select, time
def sleep(seconds, /):
    select.select([], [], [], seconds)
time.sleep = sleep
"""
"""Read by every Python at its start: libfaketime 0.9.10 refuses `clock_nanosleep` on the monotonic clock, by which
`time.sleep` sleeps, where it is told to leave that clock alone."""


class SteppedClock:
    """The clock of the processes that are started with its settings."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(SLEEP)
        self._file = folder / "ahead"
        self._library = faketime_library()
        self.step(timedelta())

    @property
    def settings(self) -> dict[str, str]:
        """What a process is started with."""
        return {
            "LD_PRELOAD": str(self._library),
            "PYTHONPATH": str(self._file.parent),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Unset, it may be on, and then waits on the monotonic clock end at once.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "FAKETIME_CACHE_DURATION": "1",
        }

    def step(self, ahead: timedelta) -> None:
        """Let it be so much ahead of the machine's, within a second or two."""
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{ahead.total_seconds():+.0f}")
        beside.replace(self._file)
