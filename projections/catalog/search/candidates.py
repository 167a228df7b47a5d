"""Finding what is worth ranking: a ladder that begins with the documents in which everything sought is,
and lets go of the commonest word, then the next, until there is enough. What is called just so stands
on the first rung; on each, the shortest labels come first. The same on both databases, since nothing is
ranked by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.ports import Rows
from domain.postings import Group
from projections.catalog.search.documents import name_mark
from projections.catalog.search.planning import Plan, Sought

ENOUGH = 300
"""Documents that are ranked."""


MOST_SOUGHT = 8
"""The rarest words that candidates are found by; all words are scored. However long a query is, it
asks the database some twenty times at most."""

COMMON = 20_000
"""Documents from which a word is so common that those that hold it need not be gathered."""


@dataclass(frozen=True, slots=True)
class Rung:
    """What must all be there, and whether very many documents hold it."""

    groups: tuple[Group, ...]
    common: bool = False


@dataclass(frozen=True, slots=True)
class Ladder:
    """Where candidates are looked for, and which audiences the person is in, or None where that is
    among the `marks`: of each group of those one must be on a candidate."""

    rows: Rows
    postings: str
    seen: tuple[int, ...] | None
    marks: tuple[Group, ...] = ()

    def climb(self, plan: Plan, query: str) -> list[int]:
        """Return the numbers of up to `ENOUGH` documents."""
        found: dict[int, None] = {}
        for rung in (_called(query), *_rungs(plan)):
            room = ENOUGH - len(found)
            if not room:
                break
            numbers = self.rows.postings.find(
                self.postings,
                (*rung.groups, *self.marks),
                self.seen,
                # What is found already is found again.
                room + len(found),
                common=rung.common and not self.marks,
            )
            for one in numbers:
                if len(found) < ENOUGH:
                    found.setdefault(one)
        return list(found)


def _called(query: str) -> Rung:
    return Rung((((name_mark(query),),),))


def _rungs(plan: Plan) -> Iterator[Rung]:
    """Yield the rungs: all that is sought, then without the commonest, and so on to the rarest alone;
    then each of the others with any that is commoner, and at last each by itself."""
    sought = sorted(
        (one for one in plan.sought if one.choices),
        key=lambda one: (_documents(one, plan), one.said.stem),
    )[:MOST_SOUGHT]
    for left in range(len(sought), 0, -1):
        yield _rung(plan, *([one] for one in sought[:left]))
    for at in range(1, len(sought) - 1):
        yield _rung(plan, [sought[at]], sought[at + 1 :])
    for one in sought[1:]:
        yield _rung(plan, [one])


def _rung(plan: Plan, *groups: Sequence[Sought]) -> Rung:
    alone = groups[0] if len(groups) == 1 else ()
    common = sum(_documents(one, plan) for one in alone) > COMMON
    return Rung(tuple(map(_group, groups)), common)


def _group(sought: Sequence[Sought]) -> Group:
    return tuple(choice.terms for one in sought for choice in one.choices)


def _documents(sought: Sought, plan: Plan) -> int:
    return sum(
        min(plan.documents.get(term, 0) for term in choice.terms) for choice in sought.choices
    )
