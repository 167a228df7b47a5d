"""Other words for what people say: ``a = b = c`` lets each stand for the others, ``a > b, c`` lets the first
stand for the rest alone. A line is a rule, ``#`` begins a remark. The file that comes with Doorward is for
offices in general; an administrator's own stands in its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from projections.catalog.search.analysis import stem, words

Phrase = tuple[str, ...]
"""The stems of one or several words in order."""

LONGEST = 4
"""Words of the longest phrase that is looked for."""

MOST_RULES, MOST_PHRASES = 20_000, 50
"""Lines of a thesaurus, and phrases of one line."""


class BadThesaurus(Exception):  # noqa: N818 - says what it is
    """The text is not a thesaurus; the message names the line."""


@dataclass(frozen=True, slots=True)
class Thesaurus:
    """What each phrase may be said as."""

    others: Mapping[Phrase, tuple[Phrase, ...]]
    farther: Mapping[Phrase, tuple[Phrase, ...]]
    """What may be said for what the phrase may be said as."""

    def at(self, said: Sequence[str], start: int) -> Iterator[tuple[int, Phrase]]:
        """Yield each known phrase that begins at `start`, and its length, the longest first."""
        for length in range(min(LONGEST, len(said) - start), 0, -1):
            phrase = tuple(said[start : start + length])
            if phrase in self.others:
                yield length, phrase


def parse_thesaurus(text: str) -> Thesaurus:
    """Return the thesaurus that a text holds; raises `BadThesaurus`."""
    others: dict[Phrase, dict[Phrase, None]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        rule = line.partition("#")[0].strip()
        if not rule:
            continue
        if number > MOST_RULES:
            raise BadThesaurus(f"line {number}: more than {MOST_RULES} lines")
        for said, meant in _meanings(rule, number):
            others.setdefault(said, {})[meant] = None
    near = {said: tuple(meant) for said, meant in others.items()}
    return Thesaurus(near, {said: tuple(_farther(said, near)) for said in near})


@cache
def shipped_thesaurus() -> Thesaurus:
    """Return the thesaurus that comes with Doorward."""
    return parse_thesaurus(shipped())


def _farther(said: Phrase, near: Mapping[Phrase, tuple[Phrase, ...]]) -> Iterator[Phrase]:
    known = {said, *near[said]}
    for one in near[said]:
        yield from (other for other in near.get(one, ()) if other not in known)


@cache
def shipped() -> str:
    """Return the text of the thesaurus that comes with Doorward."""
    return Path(__file__).with_name("thesaurus.txt").read_text("utf-8")


def _meanings(rule: str, number: int) -> Iterator[tuple[Phrase, Phrase]]:
    if "=" in rule and ">" in rule:
        raise BadThesaurus(f"line {number}: = and > do not go together in one rule")
    if ">" in rule:
        first, _, rest = rule.partition(">")
        said = _phrase(first, number)
        yield from ((said, one) for one in _phrases(rest, ",", number))
        return
    if "=" not in rule:
        raise BadThesaurus(f"line {number}: a rule is a = b, or a > b, c")
    phrases = _phrases(rule, "=", number)
    yield from ((one, other) for one in phrases for other in phrases if one != other)


def _phrases(text: str, parted_by: str, number: int) -> list[Phrase]:
    parts = text.split(parted_by)
    if len(parts) > MOST_PHRASES:
        raise BadThesaurus(f"line {number}: more than {MOST_PHRASES} phrases in one rule")
    return [_phrase(one, number) for one in parts]


def _phrase(text: str, number: int) -> Phrase:
    phrase = tuple(stem(word.folded) for word in words(text))
    if not 1 <= len(phrase) <= 2 * LONGEST:
        raise BadThesaurus(f"line {number}: {text.strip()[:40]!r} is not one to {LONGEST} words")
    return phrase
