"""Policies: list them, show one, retire one, check a file, and explain what they do for somebody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from domain.access_request import SubmitRequest
from domain.errors import NothingThere
from domain.policy import Policy, RetirePolicy
from domain.ports import Rows
from domain.values import AppId, PermissionId, RequestId
from projections.policies import policies, policy_by_id
from server.catalog.file import parse_catalog
from server.command_bus import CommandContext, UnitOfWork
from server.known_facts import known_app, known_permission
from server.operations.operation import (
    CLI,
    BadWish,
    Operation,
    Report,
    person_named,
    read_wish,
)
from server.policies.durations import parse_length
from server.policies.explaining import explain
from server.policies.writing import entry_of
from server.wiring import System

EXPLAINED = RequestId("explained")


class _OneWish(msgspec.Struct):
    policy_id: str


class _ExplainWish(msgspec.Struct):
    person: str
    items: Annotated[list[str], msgspec.Meta(min_length=1)]
    requester: str | None = None
    length: str | None = None
    emergency: bool = False
    file: str | None = None


_one_decoder = msgspec.json.Decoder(_OneWish)
_explain_decoder = msgspec.json.Decoder(_ExplainWish)


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
    """Return one policy as it would stand in a file; raises `NothingThere`."""
    policy_id = read_wish(_one_decoder, body).policy_id
    found = system.reads.blocking(lambda rows: _in_force(rows, policy_id))
    document: dict[str, Any] = msgspec.to_builtins(entry_of(found))
    return {"version": found.version, "policy": document}


def policy_retire(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Let a policy apply no more; raises `NothingThere`."""
    policy_id = read_wish(_one_decoder, body).policy_id
    context = CommandContext(CLI, system.clock(), system.new_id())

    def job(work: UnitOfWork) -> None:
        _in_force(work.rows, policy_id)
        work.execute(RetirePolicy(policy_id), context)

    system.bus.call_blocking(job)
    return {"retired": policy_id}


def _in_force(rows: Rows, policy_id: str) -> Policy:
    found = policy_by_id(rows, policy_id)
    if found is None:
        raise NothingThere("policy", policy_id, "doorward policy list shows those in force")
    return found


def policy_explain(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Return what the policies do for a person who asks for an item; with `file`, those of a
    catalog file that is not imported yet."""
    asked = read_wish(_explain_decoder, body)
    proposed: Mapping[str, Policy] = {}
    if asked.file:
        proposed = parse_catalog(asked.file.encode()).policies
    found = system.bus.call_blocking(
        lambda work: explain(work, _wish(system, work, asked), proposed)
    )
    return {**found, "person": asked.person}


def _wish(system: System, work: UnitOfWork, asked: _ExplainWish) -> SubmitRequest:
    app_id, permissions = _items(work, asked.items)
    return SubmitRequest(
        request_id=EXPLAINED,
        requester=person_named(work.rows, asked.requester or asked.person).person_id,
        target=person_named(work.rows, asked.person).person_id,
        app_id=app_id,
        permission_ids=permissions,
        justification=None,
        now=system.clock(),
        access_seconds=_seconds(asked.length) if asked.length else None,
        length_given=bool(asked.length),
        emergency=asked.emergency,
    )


def _seconds(length: str) -> int | None:
    try:
        return parse_length(length)
    except ValueError as fault:
        raise BadWish(f"length: {fault}") from None


def _items(work: UnitOfWork, items: list[str]) -> tuple[AppId, tuple[PermissionId, ...]]:
    """Return the app and the permissions that ids mean: the app's own id asks for the app. Raises
    `NothingThere`."""
    if len(items) == 1 and known_app(work, AppId(items[0])) is not None:
        return AppId(items[0]), ()
    app_ids = [_app_of(work, one, alone=len(items) == 1) for one in items]
    return app_ids[0], tuple(map(PermissionId, items))


def _app_of(work: UnitOfWork, item: str, *, alone: bool) -> AppId:
    found = known_permission(work, PermissionId(item))
    if found is None:
        kind = "app or permission" if alone else "permission"
        raise NothingThere(kind, item, "doorward catalog export - shows all")
    return found.record.app_id


OPERATIONS: Mapping[str, Operation] = {
    "policy list": policy_list,
    "policy show": policy_show,
    "policy retire": policy_retire,
    "policy explain": policy_explain,
}
