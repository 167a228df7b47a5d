"""How terms stand in the indexes of both databases: as words of ASCII letters, digits and ``_`` alone,
so that no syntax of a query language can be in one and no tokenizer parts one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from domain.postings import Group


@lru_cache(maxsize=65_536)
def encoded(term: str) -> str:
    """Return the word for a term; two terms never have the same."""
    if term.isascii() and term.isalnum() and (term.islower() or term.isdigit()):
        return term
    return "_" + term.encode("utf-8", "surrogatepass").hex()


def expression(groups: Sequence[Group], both: str, either: str, quote: str) -> str:
    """Return the query: all groups, of each one alternative, of that all terms."""

    def term(one: str) -> str:
        return f"{quote}{encoded(one)}{quote}"

    return both.join(
        "("
        + either.join("(" + both.join(map(term, one)) + ")" for one in dict.fromkeys(group))
        + ")"
        for group in groups
    )
