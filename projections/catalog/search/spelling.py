"""Words that are not in the catalog, and the words of the catalog that may be meant by them: one slip
away (a letter too many, too few, wrong, or two exchanged: optimal string alignment), two slips in long
words. The first letter is taken to be right, or exchanged with the second."""

from __future__ import annotations

LONG = 8
"""Letters from which two slips are forgiven."""
SHORTEST = 4
"""Letters below which a word is not corrected: too many words are one slip away."""
WEIGHTS = {1: 0.8, 2: 0.6}


def slips_allowed(word: str) -> int:
    """Return how many slips are forgiven in a word."""
    if len(word) < SHORTEST or word.isdigit():
        return 0
    return 2 if len(word) >= LONG else 1


def initials(word: str) -> tuple[str, ...]:
    """Return the letters that a word meant by `word` may begin with."""
    return tuple(dict.fromkeys(word[:2]))


def letters(word: str) -> int:
    """Return which letters a word has, as bits: two words that are n slips apart differ in 2n at most."""
    bits = 0
    for character in word:
        bits |= 1 << (ord(character) & 31)
    return bits


def slips(word: str, other: str, most: int) -> int | None:
    """Return how many slips part two words; None if more than `most`."""
    if abs(len(word) - len(other)) > most:
        return None
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, character in enumerate(word, start=1):
        after = [at] + [0] * len(other)
        for to, letter in enumerate(other, start=1):
            same = character == letter
            best = min(row[to] + 1, after[to - 1] + 1, row[to - 1] + (not same))
            exchanged = at > 1 < to and character == other[to - 2] and letter == word[at - 2]
            after[to] = min(best, before[to - 2] + 1) if exchanged else best
        if min(after) > most:
            return None
        before, row = row, after
    return row[-1] if row[-1] <= most else None
