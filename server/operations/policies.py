"""Policies: list them, show one, retire one, check a file, and explain what they do for somebody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from domain.access_request import SubmitRequest
from domain.errors import UnknownPermission, UnknownPerson
from domain.policy import Policy, RetirePolicy
from domain.ports import Rows
from domain.values import AppId, PermissionId, PersonId, RequestId
from projections.catalog.queries import app_of_permission
from projections.people import person_by_id, person_by_username
from projections.policies import policies, policy_by_id
from server.catalog.file import parse_catalog
from server.command_bus import UnitOfWork
from server.operations.operation import Operation, Report, execute
from server.policies.durations import parse_length
from server.policies.explaining import explain
from server.policies.writing import entry_of
from server.wiring import StartFailed, System

EXPLAINED = RequestId("explained")


def policy_list(system: System, _body: bytes, _report: Report) -> dict[str, Any]:
    """Return the policies in force."""
    found = system.reads.blocking(policies)
    return {
        "policies": [
            {
                "id": one.policy_id,
                "version": one.version,
                "stages": [stage.name for stage in one.stages],
            }
            for one in found
        ]
    }


def policy_show(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Return one policy as it would stand in a file."""
    policy_id = str(json.loads(body)["policy_id"])
    found = system.reads.blocking(lambda rows: policy_by_id(rows, policy_id))
    if found is None:
        raise StartFailed(f"no policy {policy_id} is in force; policy list shows all")
    document: dict[str, Any] = msgspec.to_builtins(entry_of(found))
    return {"version": found.version, "policy": document}


def policy_retire(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Let a policy apply no more."""
    policy_id = str(json.loads(body)["policy_id"])
    execute(system, RetirePolicy(policy_id))
    return {"retired": policy_id}


def policy_explain(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Return what the policies do for a person who asks for an item; with `file`, those of a
    catalog file that is not imported yet."""
    asked = json.loads(body)
    proposed: Mapping[str, Policy] = {}
    if asked.get("file"):
        proposed = parse_catalog(asked["file"].encode()).policies
    found = system.bus.call_blocking(
        lambda work: explain(work, _wish(system, work, asked), proposed)
    )
    return {**found, "person": asked["person"]}


def _wish(system: System, work: UnitOfWork, asked: Mapping[str, Any]) -> SubmitRequest:
    person = _person(work.rows, str(asked["person"]))
    requester = _person(work.rows, str(asked.get("requester") or asked["person"]))
    app_id, permissions = _items(work.rows, tuple(map(str, asked["items"])))
    length = asked.get("length")
    return SubmitRequest(
        request_id=EXPLAINED,
        requester=requester,
        target=person,
        app_id=app_id,
        permission_ids=permissions,
        justification=None,
        now=system.clock(),
        access_seconds=parse_length(length) if length else None,
        length_given=bool(length),
        emergency=bool(asked.get("emergency")),
    )


def _person(rows: Rows, name: str) -> PersonId:
    found = person_by_username(rows, name) or person_by_id(rows, name)
    if found is None:
        raise UnknownPerson(name)
    return found.person_id


def _items(rows: Rows, items: tuple[str, ...]) -> tuple[AppId, tuple[PermissionId, ...]]:
    """Return the app and the permissions that ids mean: the app's own id asks for the app."""
    app_id = app_of_permission(rows, items[0])
    if app_id is None:
        if len(items) > 1:
            raise UnknownPermission(items[0])
        return AppId(items[0]), ()
    return app_id, tuple(map(PermissionId, items))


OPERATIONS: Mapping[str, Operation] = {
    "policy list": policy_list,
    "policy show": policy_show,
    "policy retire": policy_retire,
    "policy explain": policy_explain,
}
