"""Pages of search results: which hits are shown, by page or after a cursor, and what is said beside
them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from domain.ports import Rows
from projections.catalog import PROJECTION
from projections.catalog.queries import (
    Finding,
    corrections,
    counts_seen,
    listed_apps,
    seen_apps,
    seen_permissions,
)
from projections.catalog.rows import AppRow, PermissionRow, permissions_by_id
from projections.catalog.search.editions import standing
from projections.catalog.search.findings import Found
from projections.catalog.search.searching import Meaning, Question, Search
from projections.pages import Page
from projections.people import PersonRow
from projections.visibility import audiences_of
from server.catalog.thesaurus_file import ThesaurusFile
from server.follower import position_of
from server.mcp.answers import Answer, Json, listing
from server.mcp.arguments import Arguments
from server.mcp.cursors import Cursor, after, parse_cursor, question_digest
from server.mcp.search_memory import SearchMemory
from server.mcp.search_rendering import advice, search_fields
from server.mcp.taking_time import may_take_time

Record = TypeVar("Record", bound=AppRow | PermissionRow)
MOST_ROWS = 4_000
"""Apps and permissions in memory: some megabytes."""
LookUp = Callable[[Sequence[str]], Mapping[str, Record]]


@dataclass(frozen=True, slots=True)
class SearchPage(Generic[Record]):
    """A page of hits, what the search says of itself, the cursor of what comes after (None where
    nothing does), and whether the catalog has changed since the cursor before."""

    page: Page[Finding[Record]]
    found: Found
    cursor: Cursor | None
    changed: bool

    def answer(self, items: list[Json], lines: list[str], noun: str) -> Answer:
        """Return the answer that shows these items."""
        corrected = corrections(self.page.items, self.found)
        told = advice(self.found, corrected)
        answer = listing(self.page, items, told, lines, noun)
        fields = {**answer.fields, **search_fields(self.found, corrected)}
        if self.cursor is not None:
            fields["next_cursor"] = str(self.cursor)
        if self.changed:
            fields["catalog_changed"] = True
        text = "\n".join(filter(None, (answer.text, told if items else "")))
        return Answer(fields, text)


@dataclass(frozen=True, slots=True)
class Sight:
    """What of the index a person sees now: by which audiences, in which state of the index, and whether
    that is up to the catalog's tables."""

    seen: tuple[int, ...]
    edition: int
    whole: bool


@dataclass(frozen=True, slots=True)
class SearchPages:
    """Searches the catalog for the tools."""

    thesaurus: ThesaurusFile
    meaning: Meaning | None
    _found: SearchMemory[Found] = field(default_factory=lambda: SearchMemory(_hits))
    _counts: SearchMemory[Mapping[str, int]] = field(default_factory=lambda: SearchMemory(len))
    _listed: SearchMemory[Page[AppRow]] = field(
        default_factory=lambda: SearchMemory(_rows, MOST_ROWS)
    )
    _apps: SearchMemory[Mapping[str, AppRow]] = field(
        default_factory=lambda: SearchMemory(len, MOST_ROWS)
    )
    _permissions: SearchMemory[Mapping[str, PermissionRow]] = field(
        default_factory=lambda: SearchMemory(len, MOST_ROWS)
    )

    def sight(self, rows: Rows, person: PersonRow) -> Sight:
        """Return what this person sees."""
        return Sight(audiences_of(rows, person.groups), *standing(rows))

    def apps(
        self,
        rows: Rows,
        person: PersonRow,
        sight: Sight,
        question: Question,
        arguments: Arguments,
    ) -> SearchPage[AppRow]:
        """Return a page of apps."""
        found = self._searched(rows, sight, question, Search.apps)

        def look_up(ids: Sequence[str]) -> Mapping[str, AppRow]:
            return _seen(self._apps, sight, ids, lambda: seen_apps(rows, person.groups, ids))

        return _page(rows, found, arguments, look_up)

    def permissions(
        self,
        rows: Rows,
        person: PersonRow,
        sight: Sight,
        question: Question,
        arguments: Arguments,
    ) -> SearchPage[PermissionRow]:
        """Return a page of permissions."""
        found = self._searched(rows, sight, question, Search.permissions)

        def look_up(ids: Sequence[str]) -> Mapping[str, PermissionRow]:
            return _seen(
                self._permissions, sight, ids, lambda: seen_permissions(rows, person.groups, ids)
            )

        return _page(rows, found, arguments, look_up)

    def listed(self, rows: Rows, person: PersonRow, sight: Sight, **narrowed: Any) -> Page[AppRow]:
        """Return a page of the apps by name, narrowed as `listed_apps` does it."""
        asked = (sight.seen, tuple(sorted(narrowed.items())))

        def find() -> Page[AppRow]:
            may_take_time()
            return listed_apps(rows, person.groups, **narrowed)

        return self._listed.found(sight.edition, asked, find)

    def parts(
        self, rows: Rows, sight: Sight, found: SearchPage[AppRow]
    ) -> Mapping[str, PermissionRow]:
        """Return the permissions for which the apps of a page were found."""
        asked = tuple(part for one in found.page.items for part in one.hit.parts)
        return self._permissions.found(
            sight.edition, (None, asked), lambda: permissions_by_id(rows, asked)
        )

    def counts(self, rows: Rows, sight: Sight, app_ids: Sequence[str]) -> Mapping[str, int]:
        """Return how many permissions of each app may be requested; nothing where none may."""
        asked = (sight.seen, tuple(app_ids))
        return self._counts.found(
            sight.edition, asked, lambda: counts_seen(rows, sight.seen, app_ids)
        )

    def _searched(
        self,
        rows: Rows,
        sight: Sight,
        question: Question,
        search: Callable[[Search, Question], Found],
    ) -> Found:
        thesaurus = self.thesaurus()

        def find() -> Found:
            may_take_time()
            return search(Search(rows, sight.seen, thesaurus, self.meaning), question)

        if self.meaning is not None or question.category is not None:
            # These look at more than the index.
            return find()
        asked = (search, sight.seen, question)
        return self._found.found((sight.edition, thesaurus), asked, find)


def _seen(
    memory: SearchMemory[Mapping[str, Record]],
    sight: Sight,
    ids: Sequence[str],
    look_up: Callable[[], Mapping[str, Record]],
) -> Mapping[str, Record]:
    """Return those of these records that may be requested. An index that is up to the tables lets
    through by its audiences what the tables let through by policies; any other is behind them."""
    if not sight.whole:
        return look_up()
    return memory.found(sight.edition, (sight.seen, tuple(ids)), look_up)


def _hits(found: Found) -> int:
    return 1 + len(found.hits)


def _rows(page: Page[AppRow]) -> int:
    return 1 + len(page.items)


def _page(
    rows: Rows, found: Found, arguments: Arguments, look_up: LookUp[Record]
) -> SearchPage[Record]:
    number, size = arguments["page"], arguments["size"]
    changed, rest = False, found.hits[(number - 1) * size :]
    digest, position = "", 0
    if "cursor" in arguments or len(rest) > size:
        digest, position = question_digest(arguments), position_of(rows, PROJECTION)
    if "cursor" in arguments:
        cursor = parse_cursor(arguments["cursor"], digest)
        changed, rest = cursor.position != position, after(found, cursor)
        number = 1 + (len(found.hits) - len(rest)) // size
    hits = rest[:size]
    records = look_up([one.item_id for one in hits])
    # Search follows behind: what may not be seen any more is left out.
    items = tuple(Finding(records[one.item_id], one) for one in hits if one.item_id in records)
    page = Page(items, len(found.hits), number, size)
    onward = Cursor(hits[-1].key, digest, position) if len(rest) > size else None
    return SearchPage(page, found, onward, changed)
