"""Text as the first catalog search compares it: folded to lower-case letters and digits, words
parted by single blanks. Whatever a person types, only such words reach the database, so no
pattern or operator of its can leak in."""

from __future__ import annotations

import unicodedata

MOST_CHARACTERS = 512
MOST_WORDS = 16
STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "any",
        "app",
        "application",
        "access",
        "are",
        "as",
        "at",
        "because",
        "before",
        "can",
        "do",
        "for",
        "from",
        "get",
        "give",
        "have",
        "i",
        "in",
        "is",
        "it",
        "lets",
        "me",
        "my",
        "need",
        "of",
        "on",
        "or",
        "please",
        "permission",
        "request",
        "so",
        "that",
        "the",
        "this",
        "to",
        "upcoming",
        "use",
        "using",
        "want",
        "we",
        "which",
        "with",
        "would",
        "you",
    ]
)


def folded(text: str) -> str:
    """Return `text` folded, with a blank before and after each word; blank if it holds none."""
    decomposed = unicodedata.normalize("NFKD", text)
    kept = (
        character if character.isalnum() else " "
        for character in decomposed.casefold()
        if not unicodedata.combining(character)
    )
    words = "".join(kept).split()
    return f" {' '.join(words)} " if words else ""


def search_words(text: str) -> list[str]:
    """Return the words of a query worth looking for, each once, at most `MOST_WORDS`."""
    words = list(dict.fromkeys(folded(text[:MOST_CHARACTERS]).split()))
    telling = [word for word in words if word not in STOP_WORDS]
    return (telling or words)[:MOST_WORDS]
