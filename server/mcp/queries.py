"""The four tools that only read. Each asks the read models once, for the caller alone, and says in
a few lines what the fields hold, for clients that show a model nothing but text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from domain import policy
from domain.access_request import JUSTIFICATION_LIMIT, Status
from domain.errors import UnknownApp
from domain.ports import Rows
from projections.access_requests import Part, RequestRow, Wanted, held_items_of, requests_of
from projections.catalog import app_by_id, search_apps, search_permissions
from projections.pages import Page
from projections.people import PersonRow
from projections.policies import policy_for
from server.mcp import rendering
from server.mcp.arguments import Arguments, moment
from server.mcp.rendering import Json
from server.mcp.schemas import STATUS_GROUPS

LINE = 160
"""Most characters of a record's line in a text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool answers: the fields of its output schema, and the same in a few lines."""

    fields: Json
    text: str


Query = Callable[[Rows, PersonRow, Arguments], Answer]


def find_apps(rows: Rows, person: PersonRow, arguments: Arguments) -> Answer:
    """Answer search_apps."""
    page = search_apps(
        rows,
        person.groups,
        arguments.get("name_search"),
        exact=arguments["exact_match"],
        category=arguments.get("category"),
        page=arguments["page"],
        size=arguments["size"],
    )
    held = held_items_of(rows, person.person_id)
    lines = [_line(app.app_id, app.name, app.description) for app in page.items]
    return _list(
        page,
        [rendering.app(app, held) for app in page.items],
        "No app that this person may request matches; try other or fewer words.",
        lines,
        "app",
    )


def find_permissions(rows: Rows, person: PersonRow, arguments: Arguments) -> Answer:
    """Answer search_requestable_permissions."""
    app_id = arguments.get("app_id")
    if app_id is not None and app_by_id(rows, person.groups, app_id) is None:
        raise UnknownApp(app_id)
    return _permissions(rows, person, arguments, "No permission matches; try other words.")


def list_permissions(rows: Rows, person: PersonRow, arguments: Arguments) -> Answer:
    """Answer list_requestable_permissions: one app, its form, its permissions."""
    app = app_by_id(rows, person.groups, arguments["app_id"])
    if app is None:
        raise UnknownApp(arguments["app_id"])
    rules = policy_for(rows, app.policy)
    empty = (
        "None of its permissions matches; leave search_term out to see all."
        if "search_term" in arguments
        else "This app has no permissions of its own; request the app itself."
    )
    answer = _permissions(rows, person, {"exact_match": False, **arguments}, empty)
    default = rendering.length_name(rules.default_access_length)
    config: Json = {
        "app": rendering.app(app, held_items_of(rows, person.person_id)),
        "request_config": _request_config(rules),
        "required_fields": required_fields(rules),
        "justification_required": rules.justification_required,
        "default_access_length": default,
    }
    need = "required" if rules.justification_required else "optional"
    form = f"{app.name}: a business_justification is {need}; access lasts {default} by default."
    return Answer({**answer.fields, **config}, f"{form}\n{answer.text}")


def find_requests(rows: Rows, person: PersonRow, arguments: Arguments) -> Answer:
    """Answer list_access_requests."""
    wanted = Wanted(
        part=Part(arguments["role"]),
        statuses=_statuses(arguments),
        request_id=arguments.get("access_request_id"),
        app_id=arguments.get("app_id"),
        updated_since=moment(arguments, "updated_since"),
        newest_first=arguments["sort"] == "DESC",
        page=arguments["page"],
        size=arguments["size"],
    )
    page = requests_of(rows, person.person_id, wanted)
    items = [rendering.request(rows, row) for row in page.items]
    lines = [request_line(row) for row in page.items]
    return _list(page, items, "This person has no access requests like that.", lines, "request")


def request_line(row: RequestRow) -> str:
    """Return a request in one line."""
    what = ", ".join(one.label for one in row.permissions) or row.app_name
    return _line(row.request_id, row.status, what)


def required_fields(rules: policy.Policy) -> Json:
    """Return the JSON Schema of what the person himself must tell for a request."""
    text = {"type": "string", "minLength": 1, "maxLength": JUSTIFICATION_LIMIT}
    needed = {"business_justification": text} if rules.justification_required else {}
    return {"type": "object", "properties": needed, "required": list(needed)}


def _permissions(rows: Rows, person: PersonRow, arguments: Arguments, empty: str) -> Answer:
    page = search_permissions(
        rows,
        person.groups,
        arguments.get("search_term"),
        exact=arguments["exact_match"],
        app_id=arguments.get("app_id"),
        page=arguments["page"],
        size=arguments["size"],
    )
    held = held_items_of(rows, person.person_id)
    items = [
        rendering.permission(one, held, policy_for(rows, one.policy, one.app_policy))
        for one in page.items
    ]
    lines = [_line(one.permission_id, one.label, one.description) for one in page.items]
    return _list(page, items, empty, lines, "permission")


def _request_config(rules: policy.Policy) -> Json:
    return {
        "request_approval_config": {"manager_approval": "NONE", "request_approval_stages": []},
        "request_fulfillment_config": {
            "time_based_access": rendering.length_options(rules),
            "manual_steps_needed": False,
        },
    }


def _statuses(arguments: Arguments) -> tuple[Status, ...] | None:
    """Return the asked statuses; those in both, if statuses and a group are given."""
    named = tuple(Status(one) for one in arguments.get("statuses", ())) or None
    group = STATUS_GROUPS.get(arguments.get("status_group", ""))
    if named is None or group is None:
        return named or group
    return tuple(one for one in named if one in group)


def _list(page: Page[Any], items: list[Json], empty: str, lines: list[str], noun: str) -> Answer:
    fields = rendering.page_of(page, items, empty)
    if not items:
        return Answer(fields, str(fields["empty_reason"]))
    plural = noun if page.total == 1 else f"{noun}s"
    head = f"{page.total} {plural}, page {page.page} of {page.pages}:"
    return Answer(fields, "\n".join([head, *lines]))


def _line(key: str, name: str, more: str) -> str:
    text = " ".join(f"- {name} [{key}]: {more}".split())
    return text if len(text) <= LINE else text[: LINE - 1] + "…"
