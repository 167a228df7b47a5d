"""The tools that find what may be requested. Each asks the read models once, for the caller alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.errors import OnBehalfNotAllowed, UnknownApp
from domain.policy import OnBehalf, Policy
from domain.ports import Rows
from projections.catalog.queries import (
    app_by_id,
    listed_permissions,
    permission_counts,
)
from projections.catalog.rows import AppRow, PermissionRow
from projections.catalog.search.searching import Question
from projections.people import PersonRow, person_by_id
from projections.policies import policy_for
from server.bearer import AccessGrant
from server.catalog.taken import Taken, taken_by
from server.mcp import rendering
from server.mcp.answers import Answer, Json, line, listing
from server.mcp.arguments import Arguments, BadArguments
from server.mcp.forms import request_form, terms
from server.mcp.search_pages import SearchPage, SearchPages, Sight
from server.mcp.taking_time import may_take_time

NO_APPS = "No app that this person may request is listed under this; leave the category out."
NO_APP_NAMED = "No app that this person may request is called just so; leave exact_match out."
NO_LABEL = "No permission is called just so; leave exact_match out."
NO_PERMISSIONS = "This app has no permissions of its own; request the app itself."
NOTHING_LEFT = "The person holds all of these, or has asked for them."


class Short:
    """Renders permissions as hits among many."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._policies: dict[tuple[str, str], Policy] = {}

    def __call__(self, one: PermissionRow, taken: Taken, score: float) -> Json:
        """Return a permission as fields."""
        return rendering.permission(one, taken, self.policy_of(one), score, short=True)

    def line(self, one: PermissionRow, taken: Taken) -> str:
        """Return a permission in one line, which says too why it may not be requested."""
        more = _joined(taken.mark(one.permission_id), one.description)
        return line(one.permission_id, one.label, more)

    def policy_of(self, one: PermissionRow) -> Policy:
        """Return the policy of a permission; each is looked up once."""
        named = (one.policy, one.app_policy)
        if named not in self._policies:
            self._policies[named] = policy_for(self._rows, *named)
        return self._policies[named]


class Whole(Short):
    """Renders an app's permissions whole, each with its own form if that is another than the app's."""

    def __init__(self, rows: Rows, app_policy: str) -> None:
        super().__init__(rows)
        self._same = ("", app_policy)

    def __call__(self, one: PermissionRow, taken: Taken, score: float) -> Json:
        """Return a permission as fields."""
        policy = self.policy_of(one)
        form = {} if one.policy in self._same else request_form(policy)
        return {**rendering.permission(one, taken, policy, score), **form}

    def line(self, one: PermissionRow, taken: Taken) -> str:
        """Return a permission in one line, with what differs from what is said of the app."""
        own = "" if one.policy in self._same else terms(self.policy_of(one))
        more = _joined(taken.mark(one.permission_id), own, one.description)
        return line(one.permission_id, one.label, more)


@dataclass(frozen=True, slots=True)
class CatalogQueries:
    """The three tools of the catalog."""

    pages: SearchPages

    def find_apps(self, rows: Rows, grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer search_apps."""
        person = grant.person
        taken = taken_by(rows, person.person_id)
        without = taken.items if arguments["requestable_only"] else ()
        queries = _queries(arguments, "name_search")
        sight = self.pages.sight(rows, person)
        category = arguments.get("category")
        if queries and not arguments["exact_match"]:
            question = Question(queries, category=category, without=frozenset(without))
            page = self.pages.apps(rows, person, sight, question, arguments)
            return self._found(rows, sight, taken, page)
        listed = self.pages.listed(
            rows,
            person,
            sight,
            category=category,
            named=arguments.get("name_search"),
            without=without,
            page=arguments["page"],
            size=arguments["size"],
        )
        counts = self.pages.counts(rows, sight, [one.app_id for one in listed.items])
        empty = NO_APP_NAMED if queries else NO_APPS
        items = [
            rendering.app(one, taken, counts.get(one.app_id, 0), short=True)
            for one in listed.items
        ]
        lines = [_app_line(one, taken) for one in listed.items]
        return listing(listed, items, empty, lines, "app")

    def _found(self, rows: Rows, sight: Sight, taken: Taken, page: SearchPage[AppRow]) -> Answer:
        parts = self.pages.parts(rows, sight, page)
        shown = [one.record.app_id for one in page.page.items]
        return _apps_found(taken, page, parts, self.pages.counts(rows, sight, shown))

    def find_permissions(self, rows: Rows, grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer search_requestable_permissions."""
        person = grant.person
        app_id = arguments.get("app_id")
        if app_id is not None and app_by_id(rows, person.groups, app_id) is None:
            raise UnknownApp(app_id)
        if not _queries(arguments, "search_term"):
            raise BadArguments("search_term is required.")
        return self._permissions(rows, person, arguments, NO_LABEL, Short(rows))

    def list_permissions(self, rows: Rows, grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer list_requestable_permissions: one app, its form, its permissions."""
        person = _target(rows, grant.person, arguments)
        app = app_by_id(rows, person.groups, arguments["app_id"])
        if app is None:
            raise UnknownApp(arguments["app_id"])
        rules = policy_for(rows, app.policy)
        wanted = {"exact_match": False, **arguments}
        empty = NOTHING_LEFT if arguments["requestable_only"] else NO_PERMISSIONS
        answer = self._permissions(rows, person, wanted, empty, Whole(rows, app.policy))
        count = permission_counts(rows, person.groups, (app.app_id,)).get(app.app_id, 0)
        config: Json = {
            "app": rendering.app(app, taken_by(rows, person.person_id), count),
            **request_form(rules),
        }
        return Answer({**answer.fields, **config}, f"{app.name}: {terms(rules)}.\n{answer.text}")

    def _permissions(
        self, rows: Rows, person: PersonRow, arguments: Arguments, empty: str, render: Short
    ) -> Answer:
        taken = taken_by(rows, person.person_id)
        without = taken.items if arguments["requestable_only"] else ()
        queries = _queries(arguments, "search_term")
        app_id = arguments.get("app_id")
        if queries and not arguments["exact_match"]:
            question = Question(queries, app_id=app_id, without=frozenset(without))
            sight = self.pages.sight(rows, person)
            page = self.pages.permissions(rows, person, sight, question, arguments)
            items = [render(one.record, taken, one.hit.score) for one in page.page.items]
            lines = [render.line(one.record, taken) for one in page.page.items]
            return page.answer(items, lines, "permission")
        may_take_time()
        listed = listed_permissions(
            rows,
            person.groups,
            app_id=app_id,
            named=arguments.get("search_term"),
            without=without,
            page=arguments["page"],
            size=arguments["size"],
        )
        items = [render(one, taken, 0.0) for one in listed.items]
        lines = [render.line(one, taken) for one in listed.items]
        return listing(listed, items, empty, lines, "permission")


def _apps_found(
    taken: Taken,
    found: SearchPage[AppRow],
    parts: Mapping[str, PermissionRow],
    counts: Mapping[str, int],
) -> Answer:
    """Answer with apps, each with the permissions of it that were found."""
    shown = found.page.items
    items: list[Json] = [
        {
            **rendering.app(one.record, taken, counts.get(one.record.app_id, 0), short=True),
            "score": one.hit.score,
            "matching_permissions": [
                {"id": part, "label": parts[part].label} for part in one.hit.parts if part in parts
            ],
        }
        for one in shown
    ]
    lines = []
    for one in shown:
        first = next((parts[key] for key in one.hit.parts if key in parts), None)
        lines.append(_app_line(one.record, taken, first))
    return found.answer(items, lines, "app")


def _queries(arguments: Arguments, name: str) -> tuple[str, ...]:
    """Return the phrasings of a question, the blank ones left out."""
    given = [arguments.get(name, ""), *arguments.get("queries", ())]
    return tuple(one for one in given if one.strip())


def _target(rows: Rows, caller: PersonRow, arguments: Arguments) -> PersonRow:
    """Return for whom the list is; raises `OnBehalfNotAllowed`, also for people there are none of,
    so that nobody can probe for ids."""
    target_id = arguments.get("target_user_id", caller.person_id)
    if target_id == caller.person_id:
        return caller
    target = person_by_id(rows, target_id)
    if target is not None and not target.disabled:
        app = app_by_id(rows, caller.groups, arguments["app_id"])
        anyone = app and policy_for(rows, app.policy).on_behalf is OnBehalf.ANYONE
        if anyone or target.manager == caller.person_id:
            return target
    raise OnBehalfNotAllowed(target_id)


def _app_line(one: AppRow, taken: Taken, best: PermissionRow | None = None) -> str:
    """Return an app in one line, with the permission that matches best."""
    part = f"{best.label} [{best.permission_id}]" if best else ""
    marks = (taken.mark(one.app_id), part, taken.mark(best.permission_id) if best else "")
    return line(one.app_id, one.name, _joined(*marks, one.description))


def _joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))
