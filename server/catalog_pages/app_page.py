"""One app: what it is, what can be requested in it, who decides, and the form that requests it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from domain.policy import Policy, merged_fields
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
from projections.policies import policy_for
from projections.visibility import audiences_of
from server.catalog.taken import taken_by
from server.catalog_pages.browsing import CATALOG
from server.catalog_pages.cards import avatar, permission_line, taken_words
from server.catalog_pages.ways import field_of, way
from server.inbox.listing import frame
from server.pages import message, render
from server.pages.forms import form_token
from server.pages.words import page_number
from server.request_bodies import storable

PAGE_SIZE = 25
Found = tuple[Page[PermissionRow], Mapping[str, frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Filled:
    """What somebody has filled in, what is wrong with it, which fields are missing, and what it would
    lead to."""

    picked: frozenset[str] = frozenset()
    fields: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""
    missing: frozenset[str] = frozenset()
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
        policies = _policies(rows, app, shown)
        return {
            "app": app,
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
            "way": way(policies[0]),
            "fields": _fields(policies, filled),
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
        return render("catalog_app.html", status=status, **whole)

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


def _fields(policies: Sequence[Policy], filled: Filled) -> list[dict[str, Any]]:
    return [
        field_of(
            one,
            filled.fields.get(f"field:{one.field_id}", ""),
            missing=one.field_id in filled.missing,
        )
        for one in merged_fields(policies)
    ]


def _policies(rows: Rows, app: AppRow, shown: Sequence[PermissionRow]) -> list[Policy]:
    """Return the policies that govern what is shown, that of the app itself first."""
    names = dict.fromkeys([("", app.policy), *((one.policy, app.policy) for one in shown)])
    return [policy_for(rows, *named) for named in names]
