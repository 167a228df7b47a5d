"""The picture that README and site show can be taken anew, and is light."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.documentation.picture import SIZE, main

KEPT = Path(__file__).parents[2] / "server" / "documentation" / "pages" / "decision.png"
MOST_BYTES = 150_000


def size(file: Path) -> tuple[int, int]:
    """Return width and height, as the head of a PNG has them."""
    head = file.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:])
    return width, height


def test_it_can_be_taken_anew_and_the_one_that_is_kept_is_of_its_size(tmp_path: Path) -> None:
    taken = tmp_path / "decision.png"
    assert main(str(taken)) == 0
    for file in (taken, KEPT):
        assert size(file) == (SIZE["width"], SIZE["height"])
        assert file.stat().st_size < MOST_BYTES
