"""The tools that find what may be requested. Each asks the read models once, for the caller alone."""

from __future__ import annotations

from domain.errors import OnBehalfNotAllowed, UnknownApp
from domain.policy import OnBehalf
from domain.ports import Rows
from projections.access_requests import held_items_of
from projections.catalog import app_by_id, search_apps, search_permissions
from projections.people import PersonRow, person_by_id
from projections.policies import policy_for
from server.mcp import rendering
from server.mcp.answers import Answer, Json, line, listing
from server.mcp.arguments import Arguments
from server.mcp.forms import length_name, request_form


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
    lines = [line(app.app_id, app.name, app.description) for app in page.items]
    return listing(
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


def list_permissions(rows: Rows, caller: PersonRow, arguments: Arguments) -> Answer:
    """Answer list_requestable_permissions: one app, its form, its permissions."""
    person = _target(rows, caller, arguments)
    app = app_by_id(rows, person.groups, arguments["app_id"])
    if app is None:
        raise UnknownApp(arguments["app_id"])
    rules = policy_for(rows, app.policy)
    empty = (
        "None of its permissions matches; leave search_term out to see all."
        if "search_term" in arguments
        else "This app has no permissions of its own; request the app itself."
    )
    wanted = {"exact_match": False, **arguments}
    answer = _permissions(rows, person, wanted, empty, forms_beside=app.policy)
    config: Json = {
        "app": rendering.app(app, held_items_of(rows, person.person_id)),
        **request_form(rules),
    }
    need = "required" if rules.justification_required else "optional"
    default = length_name(rules.default_access_length)
    form = f"{app.name}: a business_justification is {need}; access lasts {default} by default."
    return Answer({**answer.fields, **config}, f"{form}\n{answer.text}")


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


def _permissions(
    rows: Rows,
    person: PersonRow,
    arguments: Arguments,
    empty: str,
    forms_beside: str | None = None,
) -> Answer:
    """Return permissions; each with its own form if that is another than that of the policy that
    `forms_beside` names."""
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
    items = []
    for one in page.items:
        policy = policy_for(rows, one.policy, one.app_policy)
        other = forms_beside is not None and one.policy not in ("", forms_beside)
        form = request_form(policy) if other else {}
        items.append({**rendering.permission(one, held, policy), **form})
    lines = [line(one.permission_id, one.label, one.description) for one in page.items]
    return listing(page, items, empty, lines, "permission")
