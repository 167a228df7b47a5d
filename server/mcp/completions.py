"""What a client offers while a person fills in an argument of a prompt, or an id in a resource's URI. It is
found as the tools find it: apps and permissions by searching what he may request, requests among his own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from domain.ports import Rows
from projections.access_requests import RequestRow, Wanted, requests_of
from projections.catalog.queries import listed_permissions
from projections.catalog.search.searching import Question
from projections.people import PersonRow
from server.bearer import AccessGrant
from server.mcp.offering_faults import BadQuestion
from server.mcp.prompts.serving import Prompts
from server.mcp.resources.requests import TEMPLATE, TOOL
from server.mcp.schemas import ACCESS_LENGTHS
from server.mcp.search_pages import SearchPages, Sight
from server.mcp.taking_time import may_take_time
from server.mcp.tools import Toolset
from server.request_bodies import storable

MOST = 100
"""Values of an answer, as the specification has it."""
LONGEST = 200
"""Characters of what is being filled in that are looked at."""
LEAST_SOUGHT = 3
"""Characters from which on a search finds anything worth showing; before, it is beginnings alone."""
_FIRST = {"page": 1, "size": MOST}
NO_TEMPLATE = "There is no such resource template."


@dataclass(frozen=True, slots=True)
class Filling:
    """What is being filled in: the argument's name, what stands in it so far, and what in the others."""

    name: str
    value: str
    others: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Values:
    """What may stand there, the best first, and how many there are in all."""

    values: Sequence[str] = ()
    total: int = 0

    def fields(self) -> dict[str, object]:
        """Return the result of completion/complete."""
        shown = list(self.values[:MOST])
        more = self.total > len(shown)
        return {"completion": {"values": shown, "total": self.total, "hasMore": more}}


Complete = Callable[[Rows, AccessGrant, Filling], Values]
NOTHING = Values()


class Completions:
    """Completes what one resource offers: arguments of its prompts by their names, and variables of templates
    by the template; what nothing is known of is completed with nothing."""

    def __init__(
        self,
        prompts: Prompts | None,
        arguments: Mapping[str, Complete],
        templates: Mapping[str, Mapping[str, Complete]],
    ) -> None:
        self._prompts = prompts
        self._arguments = arguments
        self._templates = templates

    def complete(
        self, rows: Rows, grant: AccessGrant, ref: str, filling: Filling, *, of_prompt: bool
    ) -> dict[str, object]:
        """Return the result of completion/complete; raises `BadQuestion` for a prompt or template that
        there is not."""
        if of_prompt:
            known = self._of_prompt(ref, grant)
        elif ref in self._templates:
            known = self._templates[ref]
        else:
            raise BadQuestion(NO_TEMPLATE)
        complete = known.get(filling.name)
        if complete is None:
            return NOTHING.fields()
        cleaned = Filling(filling.name, _plain(filling.value), filling.others)
        return complete(rows, grant, cleaned).fields()

    def _of_prompt(self, name: str, grant: AccessGrant) -> Mapping[str, Complete]:
        if self._prompts is None:
            raise BadQuestion("There is no such prompt.")
        arguments = self._prompts.find(name, grant).definition.arguments
        return {
            one.name: self._arguments[one.name] for one in arguments if one.name in self._arguments
        }


def user_completions(prompts: Prompts, pages: SearchPages, tools: Toolset) -> Completions:
    """Return what completes the prompts and resources at ``/mcp/user``, where these are the tools."""
    finder = CatalogValues(pages)

    def ids(rows: Rows, grant: AccessGrant, filling: Filling) -> Values:
        return requests(rows, grant, filling) if tools.find(TOOL, grant) else NOTHING

    arguments = {
        "app": finder.apps,
        "what": finder.permissions,
        "duration": lengths,
        "request": requests,
    }
    return Completions(prompts, arguments, {TEMPLATE.uri_template: {"id": ids}})


class CatalogValues:
    """Names of apps and permissions that the caller may request."""

    def __init__(self, pages: SearchPages) -> None:
        self._pages = pages

    def apps(self, rows: Rows, grant: AccessGrant, filling: Filling) -> Values:
        """Return names of apps: those that begin so by name, then what else a search finds."""
        person, value = grant.person, filling.value
        sight = self._pages.sight(rows, person)
        listed = self._pages.listed(rows, person, sight, beginning=value, page=1, size=MOST)
        names = [one.name for one in listed.items]
        if len(value) < LEAST_SOUGHT:
            return _distinct(names, listed.total)
        found = self._pages.apps(rows, person, sight, Question((value,)), _FIRST)
        further = [one.record.name for one in found.page.items if one.record not in listed.items]
        return _distinct([*names, *further], max(listed.total, found.page.total))

    def permissions(self, rows: Rows, grant: AccessGrant, filling: Filling) -> Values:
        """Return labels of permissions, of the app that is filled in already if it is one."""
        person, value = grant.person, filling.value
        sight = self._pages.sight(rows, person)
        app_id = self._app_id(rows, person, sight, _plain(filling.others.get("app", "")))
        if app_id is not None and len(value) < LEAST_SOUGHT:
            may_take_time()
            listed = listed_permissions(rows, person.groups, app_id=app_id, size=MOST)
            labels = [one.label for one in listed.items if _begins(one.label, value)]
            return _distinct(labels, len(labels) if value else listed.total)
        if not value:
            return NOTHING
        question = Question((value,), app_id=app_id)
        found = self._pages.permissions(rows, person, sight, question, _FIRST)
        return _distinct([one.record.label for one in found.page.items], found.page.total)

    def _app_id(self, rows: Rows, person: PersonRow, sight: Sight, name: str) -> str | None:
        """Return the app of just this name."""
        if not name:
            return None
        listed = self._pages.listed(rows, person, sight, named=name, page=1, size=1)
        return next((one.app_id for one in listed.items), None)


def lengths(_rows: Rows, _grant: AccessGrant, filling: Filling) -> Values:
    """Return lengths of access."""
    sought = filling.value.casefold()
    found = [one for one in ACCESS_LENGTHS if sought in one.casefold()]
    return Values(sorted(found, key=lambda one: not one.startswith(sought)), len(found))


def requests(rows: Rows, grant: AccessGrant, filling: Filling) -> Values:
    """Return ids of the caller's newest requests: those that begin so, or are for something named so."""
    newest = requests_of(rows, grant.person.person_id, Wanted(size=MOST))
    found = [one.request_id for one in newest.items if _is_meant(one, filling.value.casefold())]
    return Values(found, len(found) if filling.value else newest.total)


def _is_meant(one: RequestRow, sought: str) -> bool:
    named = f"{one.app_name} {one.what}".casefold()
    return one.request_id.casefold().startswith(sought) or sought in named


def _plain(text: str) -> str:
    """Return what was typed as a database can be asked for it."""
    return str(storable(text))[:LONGEST].strip()


def _begins(label: str, value: str) -> bool:
    return any(one.startswith(value.casefold()) for one in label.casefold().split())


def _distinct(values: Sequence[str], total: int) -> Values:
    """Return the values, each once: a name that several things have completes to itself."""
    once = list(dict.fromkeys(values))
    return Values(once, max(len(once), total - (len(values) - len(once))))
