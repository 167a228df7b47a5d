"""JSON Lines: a JSON text a line, in UTF-8."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO


def write_lines(file: BinaryIO, texts: Iterable[bytes]) -> int:
    """Write each JSON text on a line of its own; return how many there were."""
    count = 0
    for text in texts:
        file.write(text + b"\n")
        count += 1
    return count
