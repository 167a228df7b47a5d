"""Where workers put their numbers, so that whichever of them is asked at ``/metrics`` answers for all
(`prometheus_client` calls it multiprocess mode). What was counted outlives the worker that counted it;
what a dead worker measured of itself does not."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "doorward-metrics-"


@contextmanager
def metrics_folder() -> Iterator[Path]:
    """Make a folder of one's own; remove it with all that is in it, and what a parent left that was killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if _is_left(left):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-") as folder:
        yield Path(folder)


def _is_left(folder: Path) -> bool:
    """Say whether the parent whose folder this is has ended, as far as one may know."""
    pid = folder.name.removeprefix(PREFIX).partition("-")[0]
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (ValueError, PermissionError, OverflowError):
        return False
    return False


def forget_measures(folder: Path, pid: int) -> None:
    """Remove what a process measured that has ended."""
    for file in folder.glob(f"gauge_live*_{pid}.db"):
        file.unlink(missing_ok=True)
