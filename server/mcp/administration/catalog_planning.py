"""Changes of the catalog as plans: what is given of a record replaces what stands, and the catalog's own deciders
judge the whole. Assigning a policy is such a change too. A person agrees to whatever lets another policy govern,
and is told who decides by it; other changes need nobody's yes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from domain import catalog
from domain.catalog import (
    App,
    AppRecord,
    Permission,
    PermissionRecord,
    PutApp,
    PutPermission,
    RetireApp,
    RetirePermission,
    app_stream,
    permission_stream,
)
from domain.errors import NothingThere
from domain.policy import DECIDER as POLICY
from domain.policy import policy_stream
from domain.values import AppId, PermissionId
from projections.catalog.overview import permission_count
from projections.holdings import requests_for_app, requests_that_ask_for
from server.bearer import AccessGrant
from server.catalog.entries import app_entry, permission_entry
from server.command_bus import UnitOfWork
from server.mcp.administration.changing import Plan
from server.mcp.administration.governing import governed
from server.mcp.answers import Json
from server.mcp.arguments import Arguments

OF_APP = (
    "name",
    "description",
    "categories",
    "audience",
    "owner",
    "owners",
    "instructions",
    "source",
    "logo_url",
    "website_url",
    "multiple_permissions",
    "policy",
)
OF_PERMISSION = ("app_id", "label", "description", "kind", "source", "policy")
LINKS = ("logo_url", "website_url")
NO_APP, NO_PERMISSION = AppRecord(""), PermissionRecord(AppId(""), "")
FIND = "find_catalog_entries shows all"


def put_app(work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan put_app."""
    return app_plan(work, AppId(arguments["app_id"]), _given(arguments, OF_APP))


def app_plan(work: UnitOfWork, app_id: AppId, given: Mapping[str, Any]) -> Plan:
    """Plan to make an app hold what is given."""
    _, state = work.state_of(catalog.APP, app_stream(app_id))
    _check_policy(work, given)
    former = state.record or NO_APP
    record = replace(former, **given)
    name = state.record.name if state.record else record.name
    says = "is changed" if state.record else "is added to the catalog"
    says, asks = f"The app “{name}” ({app_id}) {says}.", record.policy != former.policy
    if asks:
        says += f" {governed(work.rows, record.policy)}"
    return Plan(PutApp(app_id, record), name, says, _app_shown(app_id), asks=asks)


def put_permission(work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan put_permission."""
    permission_id = PermissionId(arguments["permission_id"])
    return permission_plan(work, permission_id, _given(arguments, OF_PERMISSION))


def permission_plan(
    work: UnitOfWork, permission_id: PermissionId, given: Mapping[str, Any]
) -> Plan:
    """Plan to make a permission hold what is given; its app must be there."""
    _, state = work.state_of(catalog.PERMISSION, permission_stream(permission_id))
    _check_policy(work, given)
    former = state.record or NO_PERMISSION
    record = replace(former, **given)
    _, app = work.state_of(catalog.APP, app_stream(record.app_id))
    if app.record is None:
        raise NothingThere("app", f"“{record.app_id}”", FIND)
    name = state.record.label if state.record else record.label
    says = "is changed" if state.record else f"is added to the app “{app.record.name}”"
    says = f"The permission “{name}” ({permission_id}) {says}."
    moves = state.record is not None and record.app_id != former.app_id
    if moves:
        says += f" It moves to the app “{app.record.name}”."
    asks = moves or record.policy != former.policy
    if asks:
        says += f" {governed(work.rows, record.policy, app.record.policy)}"
    shown = _permission_shown(permission_id)
    return Plan(PutPermission(permission_id, record), name, says, shown, asks=asks)


def retire(work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan retire_catalog_entry."""
    if arguments["kind"] == "app":
        return _app_retirement(work, AppId(arguments["id"]))
    return _permission_retirement(work, PermissionId(arguments["id"]))


def _app_retirement(work: UnitOfWork, app_id: AppId) -> Plan:
    version, state = work.state_of(catalog.APP, app_stream(app_id))
    if not version:
        raise NothingThere("app", app_id, FIND)
    name = state.record.name if state.record else app_id
    permissions = permission_count(work.rows, app_id)
    requests = len(requests_for_app(work.rows, app_id))
    says = (
        f"The app “{name}” ({app_id}) is taken out of the catalog: neither it nor any of its "
        f"{permissions} permissions can be requested any more, and {requests} open requests are "
        "cancelled. What people hold stays."
    )
    return Plan(RetireApp(app_id), name, says, _in_catalog)


def _permission_retirement(work: UnitOfWork, permission_id: PermissionId) -> Plan:
    version, state = work.state_of(catalog.PERMISSION, permission_stream(permission_id))
    if not version:
        raise NothingThere("permission", permission_id, FIND)
    name = state.record.label if state.record else permission_id
    requests = len(requests_that_ask_for(work.rows, permission_id))
    says = (
        f"The permission “{name}” ({permission_id}) is taken out of the catalog: it cannot be "
        f"requested any more, and {requests} open requests for it are cancelled. What people "
        "hold stays."
    )
    return Plan(RetirePermission(permission_id), name, says, _in_catalog)


def _given(arguments: Arguments, fields: tuple[str, ...]) -> dict[str, Any]:
    given = {name: arguments[name] for name in fields if name in arguments}
    for name, value in given.items():
        if isinstance(value, list):
            given[name] = tuple(value)
        elif name in LINKS:
            given[name] = value or None
    return given


def _check_policy(work: UnitOfWork, given: Mapping[str, Any]) -> None:
    """Refuse a name that would silently mean the default policy, as an import does."""
    named = given.get("policy")
    if not named:
        return
    _, state = work.state_of(POLICY, policy_stream(named))
    if state.policy is None:
        raise NothingThere("policy", f"“{named}”", "list_policies shows those in force")


def _app_shown(app_id: AppId) -> Callable[[App], Json]:
    def shown(state: App) -> Json:
        entry = app_entry(app_id, state.record or NO_APP)
        return {"in_catalog": state.record is not None, **whole(entry)}

    return shown


def _permission_shown(permission_id: PermissionId) -> Callable[[Permission], Json]:
    def shown(state: Permission) -> Json:
        entry = permission_entry(permission_id, state.record or NO_PERMISSION)
        return {"in_catalog": state.record is not None, **whole(entry)}

    return shown


def plain(entry: msgspec.Struct) -> Json:
    """Return an entry as it would stand in a file."""
    found: Json = msgspec.to_builtins(entry)
    return found


def whole(entry: msgspec.Struct) -> Json:
    """Return all fields of an entry, also those that a file would leave out."""
    return {name: msgspec.to_builtins(getattr(entry, name)) for name in entry.__struct_fields__}


def _in_catalog(state: App | Permission) -> Json:
    return {"in_catalog": state.record is not None}
