"""Pages of search results: which hits are shown, by page or after a cursor, and what is said beside
them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from domain.ports import Rows
from projections.catalog import PROJECTION
from projections.catalog.queries import Finding, apps_found, corrections, permissions_found
from projections.catalog.rows import AppRow, PermissionRow
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
from server.mcp.search_rendering import advice, search_fields

Record = TypeVar("Record", bound=AppRow | PermissionRow)
Show = Callable[[Rows, tuple[str, ...], Found, int, int], Page[Finding[Record]]]


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
class SearchPages:
    """Searches the catalog for the tools."""

    thesaurus: ThesaurusFile
    meaning: Meaning | None

    def apps(
        self, rows: Rows, person: PersonRow, question: Question, arguments: Arguments
    ) -> SearchPage[AppRow]:
        """Return a page of apps."""
        found = self._search(rows, person).apps(question)
        return _page(rows, person, found, arguments, apps_found)

    def permissions(
        self, rows: Rows, person: PersonRow, question: Question, arguments: Arguments
    ) -> SearchPage[PermissionRow]:
        """Return a page of permissions."""
        found = self._search(rows, person).permissions(question)
        return _page(rows, person, found, arguments, permissions_found)

    def _search(self, rows: Rows, person: PersonRow) -> Search:
        return Search(rows, audiences_of(rows, person.groups), self.thesaurus(), self.meaning)


def _page(
    rows: Rows, person: PersonRow, found: Found, arguments: Arguments, show: Show[Record]
) -> SearchPage[Record]:
    number, size = arguments["page"], arguments["size"]
    digest = question_digest(arguments)
    position = position_of(rows, PROJECTION)
    changed, rest = False, found.hits[(number - 1) * size :]
    if "cursor" in arguments:
        cursor = parse_cursor(arguments["cursor"], digest)
        changed, rest = cursor.position != position, after(found, cursor)
        number = 1 + (len(found.hits) - len(rest)) // size
    shown = show(rows, person.groups, replace(found, hits=rest), 1, size)
    page = Page(shown.items, len(found.hits), number, size)
    last = rest[size - 1] if len(rest) > size else None
    onward = None if last is None else Cursor(last.key, digest, position)
    return SearchPage(page, found, onward, changed)
