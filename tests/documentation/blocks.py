"""The code blocks of the assembled pages, each with what the page says of it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MARK = re.compile(r"^\s*<!-- (checks|not run|file): (.+?) -->$")
FENCE = re.compile(r"^(\s*)```(\w*)$")


@dataclass(frozen=True)
class Block:
    """A block: where it stands, its language, its text, and its marks by their kind."""

    page: str
    line: int
    language: str
    text: str
    marks: dict[str, str]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page."""
    marks: dict[str, str] = {}
    inside: list[str] | None = None
    language, begun = "", 0
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if inside is not None:
            if line.strip() == "```":
                text = textwrap.dedent("\n".join(inside)) + "\n"
                yield Block(page.name, begun, language, text, marks)
                inside, marks = None, {}
            else:
                inside.append(line)
        elif found := MARK.match(line):
            marks[found[1]] = found[2]
        elif found := FENCE.match(line):
            inside, language, begun = [], found[2], number
        elif line.strip():
            marks = {}
