"""The request form of a policy, as clients read it: who approves, how long access may last, and what
the person himself has to tell, as JSON Schema."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from domain.access_request import JUSTIFICATION_LIMIT
from domain.lengths import format_duration
from domain.policy import Policy, Stage, StageKind, merged_fields
from server.mcp.answers import Json
from server.mcp.schemas import ACCESS_LENGTHS
from server.policies.approver_names import format_approver
from server.policies.form_schema import form_schema

JUSTIFICATION = "business_justification"
FEW = 4
"""So many lengths of access are told one by one."""
_JUSTIFICATION: Json = {
    "type": "string",
    "title": "Business justification",
    "description": "Why the access is needed, in the person's own words.",
    "minLength": 1,
    "maxLength": JUSTIFICATION_LIMIT,
}


def request_form(policy: Policy) -> Json:
    """Return the form of requests under this policy."""
    form = form_schema(policy.fields)
    optional = {
        name: one for name, one in form["properties"].items() if name not in form["required"]
    }
    return {
        "request_config": _request_config(policy),
        "required_fields": required_fields((policy,)),
        "optional_fields": {"type": "object", "properties": optional},
        "justification_required": policy.justification_required,
        "access_length_options": length_options(policy),
        "default_access_length": length_name(policy.default_access_length),
    }


def required_fields(
    policies: Sequence[Policy], among: Collection[str] | None = None
) -> dict[str, Any]:
    """Return the JSON Schema of what must be told, or of those fields only that are named."""
    form = form_schema(merged_fields(policies))
    needed: dict[str, Any] = {}
    if any(policy.justification_required for policy in policies):
        needed[JUSTIFICATION] = _JUSTIFICATION
    needed |= {name: form["properties"][name] for name in form["required"]}
    chosen = {name: one for name, one in needed.items() if among is None or name in among}
    return {"type": "object", "properties": chosen, "required": list(chosen)}


def length_options(policy: Policy) -> list[str]:
    """Return the names of the lengths that a policy offers."""
    return [name for name, seconds in ACCESS_LENGTHS.items() if seconds in policy.access_lengths]


def length_name(seconds: int | None) -> str:
    """Return the name of a length of access."""
    names = {length: name for name, length in ACCESS_LENGTHS.items()}
    return names[seconds] if seconds in names else format_duration(seconds or 0)


def terms(policy: Policy) -> str:
    """Return in a few words what a request under this policy takes, and how long access may last."""
    needed = ", ".join(required_fields((policy,))["required"])
    offered = _offered(policy.access_lengths)
    default = length_name(policy.default_access_length)
    lasts = offered if offered == default else f"{offered} ({default} by default)"
    return f"needs {needed or 'no justification'}; lasts {lasts}"


def _offered(lengths: Sequence[int | None]) -> str:
    """Return the lengths by name; of many, up to which they go, since whatever is shorter is given too."""
    names = list(map(length_name, lengths))
    if len(names) <= FEW:
        return ", ".join(names)
    finite = max(one for one in lengths if one is not None)
    return f"up to {length_name(finite)}{' or Unlimited' if None in lengths else ''}"


def stage(one: Stage) -> Json:
    """Return a stage of approval."""
    return {
        "name": one.name,
        "needed": one.needed,
        "approvers": list(map(format_approver, one.approvers)),
    }


def _request_config(policy: Policy) -> Json:
    manager = any(one.kind is StageKind.MANAGER for one in policy.stages)
    others = [one for one in policy.stages if one.kind is not StageKind.MANAGER]
    return {
        "request_approval_config": {
            "manager_approval": "INITIAL_APPROVAL" if manager else "NONE",
            "require_additional_approval": bool(others),
            "request_approval_stages": list(map(stage, policy.stages)),
            "pre_approval_possible": bool(policy.pre_approvals),
        },
        "request_fulfillment_config": {
            "time_based_access": length_options(policy),
            "manual_steps_needed": not policy.provisioning.integration,
        },
        "on_behalf": policy.on_behalf,
        "extension": policy.extension,
    }
