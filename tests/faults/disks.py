"""A disk that is small enough to be filled: a file system in memory, mounted in a folder."""

from __future__ import annotations

import errno
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.needs import need_root, ran

PIECE = 64 * 1024
PIECES_LEFT = 16
"""Pages that somebody may have given back while it counts as full."""


@dataclass(frozen=True)
class Disk:
    """A disk, and on it the folder of whoever is to suffer."""

    folder: Path

    def fill(self) -> None:
        """Leave no room at all."""
        descriptor = os.open(self._ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        piece = PIECE
        try:
            while piece:
                try:
                    os.write(descriptor, b"\0" * piece)
                except OSError as fault:
                    if fault.errno != errno.ENOSPC:
                        raise
                    piece //= 2
        finally:
            os.close(descriptor)

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)

    @property
    def full(self) -> bool:
        """Whether it is filled."""
        return self._ballast.exists() and os.statvfs(self.folder).f_bavail < PIECES_LEFT

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


@contextmanager
def small_disk(megabytes: int) -> Iterator[Disk]:
    """Mount a disk of this size for as long as the block lasts."""
    need_root("a disk of its own")
    # Not among the tests' own folders, which only root may enter.
    folder = Path(tempfile.mkdtemp(prefix="doorward-disk-"))
    ran("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder))
    try:
        yield Disk(folder)
    finally:
        # Whoever still holds a file there holds the memory, and nothing else.
        subprocess.run(["umount", "--lazy", folder], check=True)
        folder.rmdir()
