"""A file that is there as a whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from server.bad_file import BadFile


class UnusableFile(BadFile):
    """Nothing can be written there; the message says why."""


@contextmanager
def whole_file(file: Path, *, replacing: bool) -> Iterator[BinaryIO]:
    """Write beside a file, for the owner alone to read, and put it in its place when all is written.

    Raises `UnusableFile`, or `OSError` with the name of the file that was asked for.
    """
    _check(file, replacing=replacing)
    try:
        handle, name = mkstemp(prefix=f".{file.name}.", suffix=".part", dir=file.parent)
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror, str(file)) from None
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _check(file: Path, *, replacing: bool) -> None:
    if not os.path.lexists(file):
        return
    if not file.is_file():
        # A device or a pipe would be replaced, not written to.
        raise UnusableFile(f"{file} is no regular file; write to - and redirect that")
    if not replacing:
        raise UnusableFile(f"{file} exists; --force replaces it")
