"""Finding what is worth ranking: a ladder that begins with the documents in which everything sought is,
and lets go of the commonest word, then the next, until there is enough. What is called just so stands
on the first rung. The same on both databases, since nothing here is ranked by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.ports import Rows
from domain.postings import Group, Seen
from projections.catalog.search.documents import name_mark
from projections.catalog.search.planning import Plan, Sought

ENOUGH = 300
"""Documents that are ranked."""

ORDERED = 20_000
"""Postings up to which the shortest labels are taken rather than those indexed first: to order them
all are visited."""


@dataclass(frozen=True, slots=True)
class Rung:
    """What must be there, and in how many documents it can be at most."""

    groups: tuple[Group, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """Where candidates are looked for, and for whom; `marks` must all be on them."""

    rows: Rows
    postings: str
    seen: Seen
    marks: tuple[str, ...] = ()

    def climb(self, plan: Plan, query: str) -> list[int]:
        """Return the numbers of up to `ENOUGH` documents."""
        found: dict[int, None] = {}
        marks = tuple(((mark,),) for mark in self.marks)
        for rung in (_called(query), *_rungs(plan)):
            room = ENOUGH - len(found)
            if not room:
                break
            numbers = self.rows.postings.find(
                self.postings,
                (*rung.groups, *marks),
                self.seen,
                # What is found already is found again.
                room + len(found),
                shortest=rung.most <= ORDERED,
            )
            for one in numbers:
                if len(found) < ENOUGH:
                    found.setdefault(one)
        return list(found)


def _called(query: str) -> Rung:
    return Rung((((name_mark(query),),),), 0)


def _rungs(plan: Plan) -> Iterator[Rung]:
    """Yield the rungs: all that is sought, then without the commonest, and so on to the rarest alone;
    then each of the others with any that is commoner, and at last each by itself."""
    groups = [(one, _documents(one, plan)) for one in plan.sought if one.choices]
    groups.sort(key=lambda one: (one[1], one[0].said.stem))
    for left in range(len(groups), 0, -1):
        yield Rung(tuple(_group([one]) for one, _ in groups[:left]), groups[0][1])
    for at in range(1, len(groups) - 1):
        one, documents = groups[at]
        others = _group([other for other, _ in groups[at + 1 :]])
        yield Rung((_group([one]), others), documents)
    for one, documents in groups[1:]:
        yield Rung((_group([one]),), documents)


def _group(sought: Sequence[Sought]) -> Group:
    return tuple(choice.terms for one in sought for choice in one.choices)


def _documents(sought: Sought, plan: Plan) -> int:
    return sum(
        min(plan.documents.get(term, 0) for term in choice.terms) for choice in sought.choices
    )
