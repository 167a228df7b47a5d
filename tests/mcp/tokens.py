"""How many tokens a text takes in a model's context, without a tokenizer, whose vocabulary is a download. Words
count by length, digits by threes, signs by runs; letters mixed with digits, as in ids, by pairs. Held against
o200k_base and cl100k_base, which differ by 5 % from each other, this is within 5 % of the former for
schemas, sentences and answers; a fourth of the bytes is as near for schemas, but a third too low for answers,
with their ids and times."""

from __future__ import annotations

import re

_PIECES = re.compile(r"(?=\w*[^\W\d_])(?=\w*\d)[^\W_]+|[^\W\d_]+|\d{1,3}|[^\w\s]+|_")
WORD, SIGNS, MIXED = 8, 4, 1.8
"""Characters of one token."""


def tokens_in(text: str) -> int:
    """Return about how many tokens a text takes."""
    return round(sum(map(_count, _PIECES.findall(text))))


def _count(piece: str) -> float:
    if piece == "_":
        return 0.5
    if piece.isalpha():
        return 1 + (len(piece) - 1) // WORD
    if piece.isdigit():
        return 1
    if piece.isalnum():
        return len(piece) / MIXED
    return 1 + (len(piece) - 1) // SIGNS
