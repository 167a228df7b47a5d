"""From the words of a query to what is looked for: for each word a group of choices, any of which stands
for it, with how much a choice is worth beside the word itself. Nothing of a query reaches the database
but the terms of these choices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from projections.catalog.search import spelling
from projections.catalog.search.morphology import related, root
from projections.catalog.search.query_words import Said, understand
from projections.catalog.search.thesaurus import Thesaurus
from projections.catalog.search.vocabulary import Vocabulary

SHORTEST_OPENING, SHORTEST_PART = 3, 2
"""Letters from which a word may be the beginning of another, and its end."""


Meaning = tuple[tuple[str, ...], float]
"""A phrase that may stand for what is said, and what it is worth."""


class Origin(StrEnum):
    """How a choice came about."""

    SAID = "said"
    JOINED = "joined"
    KIN = "kin"
    OPENING = "opening"
    SPELLING = "spelling"
    THESAURUS = "thesaurus"


WEIGHTS = {
    Origin.SAID: 1.0,
    Origin.JOINED: 0.9,
    Origin.KIN: 0.7,
    Origin.THESAURUS: 0.6,
}
FARTHER = 0.4
"""What a word is worth that the thesaurus reaches in two steps."""
OPENING, OPENING_ALONE, OPENING_UNKNOWN = 0.35, 0.7, 0.8
"""What a word is worth that begins as the last word does: beside others, where that is the only word,
and where that is no word itself."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Terms that together stand for a word, and what that is worth, up to 1."""

    terms: tuple[str, ...]
    weight: float
    origin: Origin


@dataclass(frozen=True, slots=True)
class Sought:
    """A word of the query, its choices with the best first, and how often it stands in the
    collection itself."""

    said: Said
    choices: tuple[Choice, ...]
    documents: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is looked for, and in how many documents each term of it stands."""

    sought: tuple[Sought, ...]
    documents: dict[str, int] = field(default_factory=dict)


def plan(query: str, vocabulary: Vocabulary, thesaurus: Thesaurus) -> Plan:
    """Return the plan of a query."""
    said = understand(query)
    stems = [one.stem for one in said]
    meant = _meant(stems, thesaurus)
    wanted = {*stems, *_joined(stems).values()}
    wanted |= {term for others in meant for phrase, _ in others for term in phrase}
    wanted |= {part for one in stems for split in _splits(one) for part in split}
    wanted |= {part for one in said for part in one.word.parts}
    documents = vocabulary.documents(wanted)
    sought = []
    for at, one in enumerate(said):
        if not one.weight:
            continue
        choices = [
            *_itself(one, documents),
            *_joined_at(stems, at, documents),
            *_thesaurus(meant[at], documents, vocabulary),
        ]
        known = one.stem in documents
        if at == len(said) - 1 or not known:
            choices += _openings(one, alone=len(said) == 1, known=known, of=vocabulary)
        if not known:
            choices += _parts(one.stem, documents)
        choices += _kin(one.stem, vocabulary)
        if not choices:
            choices += _spelled(one.stem, vocabulary)
        sought.append(Sought(one, _best(choices), documents.get(one.stem, 0)))
    missing = {term for one in sought for choice in one.choices for term in choice.terms}
    documents |= vocabulary.documents(missing - documents.keys())
    return Plan(tuple(sought), documents)


def _itself(said: Said, documents: dict[str, int]) -> Iterator[Choice]:
    if said.stem in documents:
        yield Choice((said.stem,), WEIGHTS[Origin.SAID], Origin.SAID)
    parts = tuple(said.word.parts)
    if parts and all(part in documents for part in parts):
        yield Choice(parts, WEIGHTS[Origin.JOINED], Origin.JOINED)


def _joined(stems: Sequence[str]) -> dict[int, str]:
    return {at: stems[at] + stems[at + 1] for at in range(len(stems) - 1)}


def _joined_at(stems: Sequence[str], at: int, documents: dict[str, int]) -> Iterator[Choice]:
    """Yield what two neighbours are when they are written as one ("git hub")."""
    joined = _joined(stems)
    for pair in (at - 1, at):
        if joined.get(pair) in documents:
            yield Choice((joined[pair],), WEIGHTS[Origin.JOINED], Origin.JOINED)


def _splits(word: str) -> Iterator[tuple[str, str]]:
    for at in range(SHORTEST_OPENING, len(word) - SHORTEST_PART + 1):
        yield word[:at], word[at:]


def _parts(word: str, documents: dict[str, int]) -> Iterator[Choice]:
    """Yield the best way to part an unknown word in two known ones ("powerbi")."""
    ways = [one for one in _splits(word) if one[0] in documents and one[1] in documents]
    if ways:
        best = max(ways, key=lambda one: min(len(one[0]), len(one[1])))
        yield Choice(best, WEIGHTS[Origin.JOINED], Origin.JOINED)


def _meant(stems: Sequence[str], thesaurus: Thesaurus) -> list[list[Meaning]]:
    """Return for each word what the phrases that it is in may be said as."""
    meant: list[list[Meaning]] = [[] for _ in stems]
    told = 0
    for start in range(len(stems)):
        for length, phrase in thesaurus.at(stems, start):
            if length == 1 and start < told:
                # A longer phrase has said what this word means here.
                continue
            for at in range(start, start + length):
                meant[at] += [
                    (other, WEIGHTS[Origin.THESAURUS]) for other in thesaurus.others[phrase]
                ]
                meant[at] += [(other, FARTHER) for other in thesaurus.farther[phrase]]
            if length > 1:
                told = max(told, start + length)
    return meant


def _thesaurus(
    meanings: list[Meaning], documents: dict[str, int], vocabulary: Vocabulary
) -> Iterator[Choice]:
    """Yield what may be said instead; where the catalog lacks the very word, one of its family."""
    for phrase, weight in meanings:
        if all(term in documents for term in phrase):
            yield Choice(phrase, weight, Origin.THESAURUS)
        elif len(phrase) == 1:
            for one in _kin(phrase[0], vocabulary):
                yield Choice(one.terms, weight * one.weight, Origin.THESAURUS)


def _openings(said: Said, *, alone: bool, known: bool, of: Vocabulary) -> Iterator[Choice]:
    if len(said.stem) < SHORTEST_OPENING or said.weight < 1.0:
        return
    weight = OPENING_UNKNOWN if not known else OPENING_ALONE if alone else OPENING
    for term in of.beginning_with(said.stem):
        yield Choice((term,), weight, Origin.OPENING)


def _kin(word: str, vocabulary: Vocabulary) -> Iterator[Choice]:
    base = root(word)
    if base is not None:
        for term in vocabulary.kin(word, base):
            if related(word, term):
                yield Choice((term,), WEIGHTS[Origin.KIN], Origin.KIN)


def _spelled(word: str, vocabulary: Vocabulary) -> Iterator[Choice]:
    for term, slips in vocabulary.like(word):
        yield Choice((term,), spelling.WEIGHTS[slips], Origin.SPELLING)


def _best(choices: list[Choice]) -> tuple[Choice, ...]:
    """Return each choice once, at its best weight, the best first."""
    best: dict[tuple[str, ...], Choice] = {}
    for one in choices:
        if one.terms not in best or best[one.terms].weight < one.weight:
            best[one.terms] = one
    return tuple(sorted(best.values(), key=lambda one: (-one.weight, one.terms)))
