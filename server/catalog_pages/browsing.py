"""``/catalog``: the search, and the list that is there before anybody has searched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from domain.ports import Rows
from projections.catalog.queries import (
    apps_found,
    categories,
    corrections,
    listed_apps,
    permission_counts,
)
from projections.catalog.rows import permissions_by_id
from projections.catalog.search.findings import Match
from projections.catalog.search.searching import Meaning, Question, Search
from projections.catalog.search.thesaurus import Thesaurus
from projections.people import PersonRow
from projections.visibility import audiences_of
from server.catalog.taken import Taken, taken_by
from server.catalog_pages.cards import app_card
from server.pages import render, script
from server.pages.frame import frame
from server.pages.words import page_number
from server.reads import Reads
from server.request_bodies import storable
from server.sign_in.endpoint import SignIn

CATALOG, SCRIPT = "/catalog", "catalog.js"
PAGE_SIZE = 20
LONGEST = 512


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form of the page says."""

    text: str
    category: str
    open_only: bool
    page: int

    def url(self, page: int) -> str:
        """Return where another page of the same is."""
        given = {"q": self.text, "category": self.category, "open": "1" if self.open_only else ""}
        query = {**{name: one for name, one in given.items() if one}, "page": page}
        return f"{CATALOG}?{urlencode(query)}"


@dataclass(frozen=True, slots=True)
class Browsing:
    """The page, and its script."""

    reads: Reads
    sign_in: SignIn
    thesaurus: Callable[[], Thesaurus]
    meaning: Meaning | None

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route(CATALOG, self.show, methods=["GET"]),
            Route(f"/assets/{SCRIPT}", self.script, methods=["GET"]),
        ]

    async def show(self, request: HttpRequest) -> Response:
        """Show what was found, or all there is."""
        session = await self.sign_in.session(request)
        if session is None:
            return await self.sign_in.page(request, CATALOG)
        asked, person = _asked(request), session.person
        found = await self.reads.query(lambda rows: self._found(rows, person, asked))
        cookie = self.sign_in.cookies.secret_of(request)
        values = {**frame(person, cookie, CATALOG), "asked": asked, **found}
        return render("catalog.html", script=SCRIPT, **values)

    async def script(self, _request: HttpRequest) -> Response:
        """Return the script that searches while somebody types."""
        return script(SCRIPT)

    def _found(self, rows: Rows, person: PersonRow, asked: Asked) -> dict[str, Any]:
        taken = taken_by(rows, person.person_id)
        without = taken.items if asked.open_only else ()
        known = categories(rows, person.groups)
        category = asked.category if asked.category in known else None
        if asked.text:
            question = Question((asked.text,), category=category, without=frozenset(without))
            shown = self._searched(rows, person, taken, question, asked)
        else:
            shown = _listed(rows, person, taken, category, without, asked)
        return {"categories": known, "category": category, **shown}

    def _searched(
        self, rows: Rows, person: PersonRow, taken: Taken, question: Question, asked: Asked
    ) -> dict[str, Any]:
        seen = audiences_of(rows, person.groups)
        found = Search(rows, seen, self.thesaurus(), self.meaning).apps(question)
        page = apps_found(rows, person.groups, found, asked.page, PAGE_SIZE)
        counts = permission_counts(rows, person.groups, [one.record.app_id for one in page.items])
        parts = permissions_by_id(rows, [key for one in page.items for key in one.hit.parts])
        cards = [
            app_card(
                one.record,
                taken,
                counts.get(one.record.app_id, 0),
                one.hit.terms,
                {key: parts[key] for key in one.hit.parts if key in parts},
            )
            for one in page.items
        ]
        return {
            "cards": cards,
            "total": page.total,
            "pages": page.pages,
            "weak": found.match in (Match.WEAK, Match.NONE),
            "unmatched": found.unmatched,
            "corrected": corrections(page.items, found),
        }


def _listed(
    rows: Rows,
    person: PersonRow,
    taken: Taken,
    category: str | None,
    without: tuple[str, ...],
    asked: Asked,
) -> dict[str, Any]:
    page = listed_apps(
        rows,
        person.groups,
        category=category,
        without=without,
        page=asked.page,
        size=PAGE_SIZE,
    )
    counts = permission_counts(rows, person.groups, [one.app_id for one in page.items])
    cards = [app_card(one, taken, counts.get(one.app_id, 0)) for one in page.items]
    return {
        "cards": cards,
        "total": page.total,
        "pages": page.pages,
        "weak": False,
        "unmatched": (),
        "corrected": {},
    }


def _asked(request: HttpRequest) -> Asked:
    given = request.query_params
    return Asked(
        storable(given.get("q", ""))[:LONGEST].strip(),
        storable(given.get("category", "")),
        given.get("open") == "1",
        page_number(request),
    )
