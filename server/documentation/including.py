"""A section of another document of the repository, as it stands on a page of the site: without its heading,
its links to files turned to copies beside the pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = "files"
"""The folder of the site that holds copies of linked files."""
PAGE_OF = {"#the-catalog": "catalog.md"}
"""Where on the site those sections are that the documents link to."""
_LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")


class NoSuchSection(Exception):  # noqa: N818 - says what is
    """A page asks for a section that its document does not have, or no more."""


@dataclass(frozen=True, slots=True)
class Included:
    """The text of a section, and the files that it links to."""

    text: str
    files: tuple[Path, ...]


def section_of(document: str, title: str, not_run: str = "") -> Included:
    """Return the section of a document under a heading, or, where `title` is ``**Like this.**``, the
    paragraphs that begin with it. With `not_run`, each of its code blocks is marked with that."""
    lines = (ROOT / document).read_text(encoding="utf-8").splitlines()
    bold = title.startswith("**")
    found = _bold_part(lines, title) if bold else _under_heading(lines, title)
    if not found:
        raise NoSuchSection(f"{document} has no {title}")
    text = "\n".join(found).strip()
    if not_run:
        text = _marked(text, not_run)
    return _with_links(text, Path(document).parent)


def _under_heading(lines: Sequence[str], title: str) -> list[str]:
    """Return what stands under a heading, to the next of its rank."""
    found: list[str] = []
    rank, inside, fenced = 0, False, False
    for line in lines:
        fenced ^= line.startswith("```")
        heading = None if fenced else re.match(r"(#+) (.*)", line)
        if heading and inside and len(heading[1]) <= rank:
            break
        if inside:
            found.append(line)
        elif heading and heading[2] == title:
            inside, rank = True, len(heading[1])
    return found


def _bold_part(lines: Sequence[str], lead: str) -> list[str]:
    """Return the paragraphs from one that begins with these bold words to the next such or a heading."""
    found: list[str] = []
    for line in lines:
        if found and (line.startswith("## ") or re.match(r"\*\*[A-Z]", line)):
            break
        if found:
            found.append(line)
        elif line.startswith(lead):
            found.append(line.removeprefix(lead).lstrip() or lead)
    return found


def _marked(text: str, why: str) -> str:
    """Return the text with a mark before each code block."""
    opening, parts = True, list[str]()
    for line in text.splitlines():
        if line.startswith("```"):
            if opening:
                parts.append(f"<!-- not run: {why} -->")
            opening = not opening
        parts.append(line)
    return "\n".join(parts)


def _with_links(text: str, folder: Path) -> Included:
    files: list[Path] = []

    def turned(link: re.Match[str]) -> str:
        target = link[1]
        if target in PAGE_OF:
            return f"]({PAGE_OF[target]})"
        file = folder / target
        if not (ROOT / file).is_file():
            raise NoSuchSection(f"there is no file {file}")
        files.append(file)
        return f"]({FILES}/{file.as_posix()})"

    return Included(_LINK.sub(turned, text), tuple(files))
