"""What some faults need of the machine: root, mounts, network namespaces, programs. CI must have it; elsewhere a test
that lacks it says so and does not run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.conftest import missing

FAKETIME = "libfaketimeMT.so.1"


def need_root(what: str) -> None:
    """Go on only as root, who alone may do this."""
    if os.geteuid() != 0:
        missing(f"root, for {what}")


def ran(*command: str) -> None:
    """Run a command of the system's; where that is not possible, the test lacks it."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as fault:
        missing(f"{command[0]} ({fault.strerror})")
    if done.returncode:
        missing(f"what `{' '.join(command)}` needs ({done.stderr.strip()})")


def faketime_library() -> Path:
    """Return libfaketime, which Debian's package `faketime` has."""
    found = next(iter(Path("/usr/lib").glob(f"*/faketime/{FAKETIME}")), None)
    if found is None:
        missing("libfaketime")
    assert found is not None
    return found
