"""Text as search compares it: folded (NFKD without marks, case folded), parted into words, words parted
where a program's name joins them (``AmazonS3ReadOnlyAccess``, ``user_id``), and each word brought to its
stem. Writing without blanks (Chinese, Japanese, Korean) is taken two characters at a time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

Answer = TypeVar("Answer")

VERSION = "1"
"""Goes up with every change to what `stems` returns: an index of another version is not searched."""

MOST_TERM = 40
"""Characters of a stem; what is longer is cut."""

SHORTEST_PLURAL = 3
MOST_STEMS = 300
"""Stems of one field of a record; a description that goes on says nothing new."""

_WORD = re.compile(r"[^\W_]+")
_PARTS = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+")
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_RUN = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: as written, folded, and from where to where it stands. `parts` are the folded
    words it is joined of, none where it is one."""

    written: str
    folded: str
    start: int
    end: int
    parts: tuple[str, ...] = ()


def fold(text: str) -> str:
    """Return `text` without marks and in one case."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(one for one in decomposed if not unicodedata.combining(one))
    return unicodedata.normalize("NFC", bare.casefold())


def stem(word: str) -> str:
    """Return the stem of a folded word: plurals lose their ending (Harman's S-stemmer, 1991)."""
    if len(word) > SHORTEST_PLURAL and word.endswith("s"):
        if word.endswith("ies") and not word.endswith(("eies", "aies")):
            word = word[:-3] + "y"
        elif word.endswith(("xes", "sses", "shes", "zzes")):
            word = word[:-2]
        elif not word.endswith(("us", "ss", "is")):
            word = word[:-1]
    return word[:MOST_TERM]


def words(text: str) -> Iterator[Word]:
    """Yield the words of a text in order; of unspaced writing, each two neighbours."""
    for found in _WORD.finditer(text):
        start = found.start()
        for one in _analysed(found[0]):
            yield Word(one.written, one.folded, start + one.start, start + one.end, one.parts)


def stems(text: str) -> list[str]:
    """Return the stems of a text in order, each as often as it stands there: of a joined word the
    whole and its parts."""
    found: list[str] = []
    for written in _WORD.findall(text):
        found += _stems_of(written)
        if len(found) >= MOST_STEMS:
            return found[:MOST_STEMS]
    return found


def whole(text: str) -> str:
    """Return a text as labels are compared when they are compared whole."""
    return " ".join(one.folded for written in _WORD.findall(text) for one in _analysed(written))


def _cached(analyse: Callable[[str], Answer]) -> Callable[[str], Answer]:
    """Remember what becomes of words; of such a length as words have."""
    remembered = lru_cache(maxsize=65_536)(analyse)
    return lambda written: (remembered if len(written) <= MOST_TERM else analyse)(written)


@_cached
def _analysed(written: str) -> tuple[Word, ...]:
    """Return the words of a piece that no blank parts, placed within it."""
    if written.isascii():
        return (Word(written, written.lower(), 0, len(written), _parts(written)),)
    return tuple(word for run in _RUN.finditer(written) for word in _of_run(run[0], run.start()))


@_cached
def _stems_of(written: str) -> tuple[str, ...]:
    return tuple(one for word in _analysed(written) for one in _stems(word))


def _stems(word: Word) -> Iterator[str]:
    if word.folded:
        yield stem(word.folded)
        yield from map(stem, word.parts)


def _parts(written: str) -> tuple[str, ...]:
    if written.islower() or written.isupper() or written.isdigit():
        return ()
    parts = tuple(part.lower() for part in _PARTS.findall(written))
    return parts if len(parts) > 1 else ()


def _of_run(run: str, start: int) -> Iterator[Word]:
    if len(run) == 1 or not re.match(f"[{_UNSPACED}]", run):
        for piece in _WORD.finditer(fold(run)):
            yield Word(run, piece[0], start, start + len(run))
        return
    for at in range(len(run) - 1):
        pair = run[at : at + 2]
        yield Word(pair, fold(pair), start + at, start + at + 2)
