"""Words of one family: report, reporting, reporter. Endings of English are taken off until a root is
left; two words are related if they leave the same. Used for queries only: the index holds stems."""

from __future__ import annotations

from functools import lru_cache

SHORTEST_ROOT = 4
_ENDINGS = [
    "izations",
    "ization",
    "isations",
    "isation",
    "ations",
    "ation",
    "ators",
    "ator",
    "ments",
    "ment",
    "ings",
    "ing",
    "ers",
    "er",
    "ors",
    "or",
    "ions",
    "ion",
    "ives",
    "ive",
    "ances",
    "ance",
    "als",
    "al",
    "ed",
    "es",
    "s",
    "e",
]


@lru_cache(maxsize=16_384)
def root(word: str) -> str | None:
    """Return what is left of a word without its ending; None of a word that has no family."""
    if len(word) < SHORTEST_ROOT or not word.isascii() or not word.isalpha():
        return None
    left = word
    for ending in _ENDINGS:
        if left.endswith(ending) and len(left) - len(ending) >= SHORTEST_ROOT:
            left = left.removesuffix(ending)
            break
    if len(left) > SHORTEST_ROOT and left[-1] == left[-2] and left[-1] not in "sl":
        left = left[:-1]
    return left


def related(word: str, other: str) -> bool:
    """Say whether two words are of one family."""
    one = root(word)
    return one is not None and word != other and one == root(other)
