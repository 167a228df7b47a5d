"""The index that is searched and, beside it, the one that is being built: after a rebuild of the catalog,
or where the index was written by another analyser. The new one takes the old one's place when it is
complete, and the old one goes, both in steps, so that nobody waits for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.ports import Rows, Unavailable
from projections.catalog.search import pending
from projections.catalog.search.analysis import VERSION
from projections.catalog.search.editions import next_edition
from projections.catalog.search.indexing import STEP, index_some
from projections.catalog.search.tables import Collection
from projections.columns import number


class State(StrEnum):
    """What a generation is for."""

    BUILDING = "building"
    LEAVING = "leaving"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class _Generation:
    generation: int
    analyser: str
    state: str


class SearchUnavailable(Unavailable):
    """The index is of another analyser, or there is none yet: it is being built."""


def live_generation(rows: Rows) -> int:
    """Return the generation that is searched; raises `SearchUnavailable`."""
    for one in _all(rows):
        if one.state == State.LIVE and one.analyser == VERSION:
            return one.generation
    raise SearchUnavailable("the index of the catalog is being built")


def settle(rows: Rows) -> bool:
    """Do one step of what is to be done; return whether there is more."""
    found = _all(rows)
    if not any(one.state != State.LEAVING and one.analyser == VERSION for one in found):
        renew(rows)
        found = _all(rows)
    more = False
    for one in found:
        if one.state == State.LEAVING:
            more |= _leave(rows, one.generation)
        elif one.analyser == VERSION:
            indexed = index_some(rows, one.generation)
            if indexed:
                next_edition(rows)
            more |= indexed >= STEP
            if one.state == State.BUILDING and indexed < STEP:
                _switch(rows, one.generation)
                more = True
    return more


def renew(rows: Rows) -> None:
    """Begin to build an index beside the one that is searched. One that is being built begins anew."""
    found = _all(rows)
    live = [one for one in found if one.state == State.LIVE]
    free = next(one for one in (0, 1) if one not in [other.generation for other in live])
    while _leave(rows, free):
        pass
    rows.execute(
        "INSERT INTO search_generation (generation, analyser, state) VALUES (?, ?, ?)",
        (free, VERSION, State.BUILDING if live else State.LIVE),
    )
    pending.all_changed(rows, free)
    next_edition(rows)


def _all(rows: Rows) -> list[_Generation]:
    found = rows.select(
        "SELECT generation, analyser, state FROM search_generation ORDER BY state DESC"
    )
    return [_Generation(number(one), str(analyser), str(state)) for one, analyser, state in found]


def _switch(rows: Rows, built: int) -> None:
    """Search the new index, and let the old one go."""
    sql = "UPDATE search_generation SET state = ? WHERE generation {} ?"
    rows.execute(sql.format("<>"), (State.LEAVING, built))
    rows.execute(sql.format("="), (State.LIVE, built))
    next_edition(rows)


def _leave(rows: Rows, generation: int) -> bool:
    """Take a step in forgetting a generation; return whether there is more of it."""
    many = 20 * STEP
    for table, key in (("search_document", "number"), ("search_term", "term")):
        within = f"SELECT {key} FROM {table} WHERE generation = ? LIMIT ?"
        gone = rows.execute(
            f"DELETE FROM {table} WHERE generation = ? AND {key} IN ({within})",
            (generation, generation, many),
        )
        if gone:
            return True
    for collection in Collection:
        rows.postings.clear(collection.postings(generation))
    for table in ("search_pending", "search_total", "search_tally", "search_generation"):
        rows.execute(f"DELETE FROM {table} WHERE generation = ?", (generation,))
    return False
