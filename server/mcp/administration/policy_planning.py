"""Changes of policies as plans. A policy comes as it would stand in a catalog file, is read by the same parser, and
what is wrong with it is told in that parser's words."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from domain import catalog
from domain.catalog import app_stream, permission_stream
from domain.errors import NothingThere
from domain.policy import (
    DECIDER,
    Policy,
    PolicyState,
    PublishPolicy,
    RetirePolicy,
    policy_stream,
)
from domain.values import AppId, PermissionId
from projections.catalog.overview import naming
from server.bearer import AccessGrant
from server.catalog.entries import BadCatalog, checked
from server.command_bus import UnitOfWork
from server.mcp.administration.catalog_planning import FIND, app_plan, permission_plan, whole
from server.mcp.administration.changing import Plan
from server.mcp.administration.governing import approval
from server.mcp.answers import Json
from server.mcp.arguments import Arguments, BadArguments
from server.policies.document import PolicyEntry, policy_of
from server.policies.writing import entry_of

_decoder = msgspec.json.Decoder(PolicyEntry)
LIST = "list_policies shows those in force"


def policy_in(document: Any, where: str = "policy") -> Policy:
    """Return the policy that an argument describes; raises `BadArguments`."""
    try:
        # By way of JSON, as files come: what does not fit there would not be read back from the log.
        entry = _decoder.decode(json.dumps(document))
        return checked(where, entry.id, entry, policy_of)
    except msgspec.DecodeError as fault:
        reason, _, path = str(fault).partition(" - at ")
        named = path.strip("`$.") or "record"
        raise BadArguments(f"{where}, field {named}: {reason}") from None
    except BadCatalog as fault:
        raise BadArguments(str(fault)) from None


def put_policy(work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan put_policy."""
    policy = policy_in(arguments["policy"])
    policy_id = policy.policy_id
    _, state = work.state_of(DECIDER, policy_stream(policy_id))
    apps, permissions = naming(work.rows, policy_id)
    says = (
        f"Edition {state.versions + 1} of the policy {policy_id} is published and rules new "
        f"requests: {apps} apps and {permissions} permissions name it. {approval(policy)}"
    )
    return Plan(PublishPolicy(policy), policy_id, says, _shown)


def assign_policy(work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan assign_policy."""
    given, kind, key = {"policy": arguments["policy_id"]}, arguments["kind"], arguments["id"]
    if kind == "app":
        _, app = work.state_of(catalog.APP, app_stream(AppId(key)))
        if app.record is not None:
            return app_plan(work, AppId(key), given)
    else:
        _, permission = work.state_of(catalog.PERMISSION, permission_stream(PermissionId(key)))
        if permission.record is not None:
            return permission_plan(work, PermissionId(key), given)
    raise NothingThere(kind, f"“{key}”", FIND)


def retire_policy(work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan retire_policy."""
    policy_id = arguments["policy_id"]
    version, _ = work.state_of(DECIDER, policy_stream(policy_id))
    if not version:
        raise NothingThere("policy", f"“{policy_id}”", LIST)
    apps, permissions = naming(work.rows, policy_id)
    says = (
        f"The policy {policy_id} applies no more: the {apps} apps and {permissions} permissions "
        "that name it fall back to their app's, else to the default policy, for new requests."
    )
    return Plan(RetirePolicy(policy_id), policy_id, says, _shown)


def _shown(state: PolicyState) -> Json:
    policy = state.policy
    entry = entry_of(policy or policy_of(PolicyEntry("")))
    return {
        "in_force": policy is not None,
        "edition": policy.version if policy else None,
        **whole(entry),
    }
