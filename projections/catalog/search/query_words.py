"""A query as it is understood: its words, how much each says, and where it stands. Words that only ask
(need, access, please) say little, and so does what comes after the purpose begins (so I can ...,
because ...); words of grammar say nothing. A short word in capitals is a name (IT, AR) and stays."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from projections.catalog.search.analysis import Word, stem, words

MOST_CHARACTERS = 512
MOST_WORDS = 32
LITTLE = 0.25
"""What a word says that only asks, or stands in the purpose, beside one that says what is asked."""
SHORT_NAME = range(2, 5)
"""Letters of a word in capitals that is a name."""

_EXCLUDED = re.compile(r"(?:^|[\s(])(?:NOT\s+-?|-)[\"(]?$")
OPERATORS = frozenset({"AND", "OR", "NOT"})


def _listed(name: str) -> frozenset[str]:
    """Return the words of a file beside this one; a line that begins with # is a remark."""
    lines = Path(__file__).with_name(name).read_text("utf-8").splitlines()
    return frozenset(word for one in lines if not one.startswith("#") for word in one.split())


GRAMMAR = _listed("grammar.txt")
ASKING = _listed("asking.txt")
PURPOSE = (
    ("so", "that"),
    ("so", "i"),
    ("so", "we"),
    ("in", "order", "to"),
    ("because",),
    ("since", "i"),
    ("since", "we"),
    ("before",),
    ("to", "prepare"),
    ("as", "part", "of"),
    ("for", "my"),
    ("for", "the", "upcoming"),
)
"""How the part of a sentence begins that tells what something is needed for."""


@dataclass(frozen=True, slots=True)
class Said:
    """A word of a query: its stem, as it was written, where it stands, and how much it says, from 0
    (a word of grammar) to 1."""

    stem: str
    word: Word
    weight: float


def understand(query: str) -> list[Said]:
    """Return the words of a query. Where none says anything, all say the same."""
    text = query[:MOST_CHARACTERS]
    everything = [one for one in words(text) if not _is_excluded(one, text)][:MOST_WORDS]
    purpose = _purpose(everything)
    shouted = len(everything) > 1 and all(one.written.isupper() for one in everything)
    said = [
        Said(stem(word.folded), word, _weight(word, at >= purpose, names=not shouted))
        for at, word in enumerate(everything)
        if stem(word.folded)
    ]
    most = max((one.weight for one in said), default=1.0)
    if most == 1.0:
        return said
    return [Said(one.stem, one.word, float(one.weight == most)) for one in said]


def _weight(word: Word, in_purpose: bool, *, names: bool) -> float:  # noqa: FBT001 - one caller
    if names and _is_name(word):
        return LITTLE if in_purpose else 1.0
    if word.folded in GRAMMAR:
        return 0.0
    return LITTLE if in_purpose or word.folded in ASKING else 1.0


def _is_excluded(word: Word, text: str) -> bool:
    """Say whether a word stands after a minus sign or NOT, as search engines have it."""
    before = text[: word.start]
    return bool(_EXCLUDED.search(before))


def _is_name(word: Word) -> bool:
    return (
        len(word.written) in SHORT_NAME
        and word.written.isupper()
        and word.written not in OPERATORS
    )


def _purpose(said: list[Word]) -> int:
    """Return where the purpose begins; it never begins a query."""
    folded = [word.folded for word in said]
    for at in range(1, len(folded)):
        if any(tuple(folded[at : at + len(one)]) == one for one in PURPOSE):
            return at
    return len(folded)
