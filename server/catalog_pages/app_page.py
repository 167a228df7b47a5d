"""One app: what it is, what can be requested in it, who decides, and the form that requests it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from domain.ports import Rows
from projections.catalog.queries import (
    app_by_id,
    listed_permissions,
    permissions_found,
    seen_permissions,
)
from projections.catalog.rows import AppRow, PermissionRow
from projections.catalog.search.searching import Meaning, Question, Search
from projections.catalog.search.thesaurus import Thesaurus
from projections.pages import Page
from projections.people import PersonRow
from projections.visibility import audiences_of
from server.catalog.taken import taken_by
from server.catalog_pages.browsing import CATALOG
from server.catalog_pages.cards import app_url, avatar, permission_line, taken_words
from server.catalog_pages.rules import Rules, rules_of
from server.catalog_pages.ways import field_of, told_rules
from server.pages import message, render
from server.pages.forms import form_token
from server.pages.frame import frame
from server.pages.refusals import NOTHING, Words
from server.pages.words import page_number
from server.request_bodies import storable

PAGE_SIZE, SCRIPT = 25, "catalog_app.js"
Found = tuple[Page[PermissionRow], Mapping[str, frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Filled:
    """What somebody has filled in, what is wrong with it, and what it would lead to."""

    picked: frozenset[str] = frozenset()
    fields: Mapping[str, str] = field(default_factory=dict)
    wrong: Words = NOTHING
    preview: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AppPage:
    """Shows an app's page, empty or as it was filled in."""

    thesaurus: Callable[[], Thesaurus]
    meaning: Meaning | None

    def values(
        self, rows: Rows, person: PersonRow, request: HttpRequest, filled: Filled
    ) -> dict[str, Any] | None:
        """Return what the page shows; None where there is no such app for this person. Blocking."""
        app = app_by_id(rows, person.groups, app_id_of(request))
        if app is None:
            return None
        text = storable(request.query_params.get("q", "")).strip()
        page, met = self._permissions(rows, person, app, text, page_number(request))
        taken = taken_by(rows, person.person_id)
        shown = _with_picked(rows, person, app, page.items, filled.picked)
        rules = rules_of(rows, app, shown, filled.picked)
        return {
            "app": app,
            "here": app_url(app.app_id),
            **avatar(app),
            "taken": taken_words(taken, app.app_id),
            "lines": [
                permission_line(one, taken, met.get(one.permission_id, frozenset()))
                for one in shown
            ],
            "text": text,
            "total": page.total,
            "page": page.page,
            "pages": page.pages,
            **_asked(rules, filled),
            "filled": filled,
            "given": filled.fields,
        }

    def render(
        self,
        request: HttpRequest,
        person: PersonRow,
        cookie: str,
        values: dict[str, Any],
        status: int = 200,
    ) -> Response:
        """Return the page."""
        token = form_token(cookie, app_id_of(request))
        whole = {**frame(person, cookie, CATALOG), **values, "csrf": token}
        return render("catalog_app.html", status=status, script=SCRIPT, **whole)

    def rules(self, rows: Rows, person: PersonRow, app_id: str, picked: frozenset[str]) -> Rules:
        """Return the rules for what is ticked, those of nothing for an app that is not there. Blocking."""
        app = app_by_id(rows, person.groups, app_id)
        if app is None:
            return Rules((), ())
        return rules_of(rows, app, _with_picked(rows, person, app, (), picked), picked)

    def _permissions(
        self, rows: Rows, person: PersonRow, app: AppRow, text: str, page: int
    ) -> Found:
        if not text:
            groups = person.groups
            listed = listed_permissions(rows, groups, app_id=app.app_id, page=page, size=PAGE_SIZE)
            return listed, {}
        seen = audiences_of(rows, person.groups)
        search = Search(rows, seen, self.thesaurus(), self.meaning)
        found = search.permissions(Question((text,), app_id=app.app_id))
        hits = permissions_found(rows, person.groups, found, page, PAGE_SIZE)
        records = tuple(one.record for one in hits.items)
        met: dict[str, frozenset[str]] = {one.hit.item_id: one.hit.terms for one in hits.items}
        return Page(records, hits.total, hits.page, hits.size), met


def app_id_of(request: HttpRequest) -> str:
    """Return the app that a page is about."""
    app_id: str = storable(request.query_params.get("id", ""))
    return app_id


def no_such_app() -> Response:
    """Return the page for an app that there is not, or not for this person."""
    text = "Or it is not one that you may request."
    return message("There is no such app", text, status=404, link=(CATALOG, "The catalog"))


def _with_picked(
    rows: Rows,
    person: PersonRow,
    app: AppRow,
    shown: Sequence[PermissionRow],
    picked: frozenset[str],
) -> list[PermissionRow]:
    """Return the permissions of the page, before them those picked that stand on another."""
    absent = sorted(picked - {one.permission_id for one in shown})[:PAGE_SIZE]
    found = seen_permissions(rows, person.groups, absent).values()
    return [*(one for one in found if one.app_id == app.app_id), *shown]


def _asked(rules: Rules, filled: Filled) -> dict[str, Any]:
    given = filled.fields
    fields = [field_of(rules, one, given.get(f"field:{one.field_id}", "")) for one in rules.fields]
    return {**told_rules(rules, given.get("length", "")), "fields": fields}
