"""Where workers put their numbers, so that whichever of them is asked at ``/metrics`` answers for all
(`prometheus_client` calls it multiprocess mode). What was counted outlives the worker that counted it;
what a dead worker measured of itself does not."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "doorward-metrics-"
LOCK = "in-use"
LIVE_MODES = ("liveall", "livemax", "livemin", "livemostrecent", "livesum")
"""Of gauges whose measures end with their process, as prometheus_client names them."""


@contextmanager
def metrics_folder() -> Iterator[Path]:
    """Make a folder of one's own; remove it with all that is in it, and what a parent left that was killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _remove_if_left(left)
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder, _held(Path(folder)):
        yield Path(folder)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a lock that ends with this process. (The number of a process would say little: another may
    have it by now, and in a container that shares the folder it means nothing.)"""
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_if_left(folder: Path) -> None:
    """Remove a folder whose parent has ended; leave one that is in use, somebody else's, or just being made."""
    try:
        with (folder / LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return


def forget_measures(folder: Path, pid: int) -> None:
    """Remove what a process measured that has ended."""
    # By name: to look what there is would need a descriptor, which a parent may not get just now.
    for mode in LIVE_MODES:
        (folder / f"gauge_{mode}_{pid}.db").unlink(missing_ok=True)
