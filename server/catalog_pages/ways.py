"""Policies in words: who decides, how long access may last, what has to be told."""

from __future__ import annotations

from typing import Any

from domain.policy import ApproverKind, ApproverRef, FieldKind, FormField, OnBehalf, Policy, Stage
from server.policies.durations import format_length

INPUT_TYPES = {FieldKind.INTEGER: "number", FieldKind.NUMBER: "number"}
WORDS = {
    ApproverKind.MANAGER: "your manager",
    ApproverKind.OWNER: "the app's owners",
    ApproverKind.ADMINISTRATORS: "the administrators",
    ApproverKind.GROUP: "the group {}",
    ApproverKind.ON_CALL: "whoever is on call for {}",
    ApproverKind.INTEGRATION: "{}",
    ApproverKind.PERSON: "{}",
}


def way(policy: Policy) -> dict[str, Any]:
    """Return what a policy's form and its explanation need."""
    return {
        "stages": [
            {"name": one.name, "needed": one.needed, "by": _by(one)} for one in policy.stages
        ],
        "at_once": bool(policy.pre_approvals),
        "lengths": lengths(policy),
        "justification_required": policy.justification_required,
        "on_behalf": policy.on_behalf is not OnBehalf.NOBODY,
    }


def lengths(policy: Policy) -> list[tuple[int | None, str, bool]]:
    """Return the lengths that access may have, each with whether it is the one taken by default."""
    offered: list[int | None] = list(policy.access_lengths)
    if policy.default_access_length not in offered:
        offered.append(policy.default_access_length)
    return [(one, format_length(one), one == policy.default_access_length) for one in offered]


def field_of(one: FormField, value: str, *, missing: bool) -> dict[str, Any]:
    """Return a field of the form as the template shows it."""
    options = ("true", "false") if one.kind is FieldKind.BOOLEAN else one.options
    return {
        "name": f"field:{one.field_id}",
        "prompt": one.prompt or one.field_id,
        "type": INPUT_TYPES.get(one.kind, "text"),
        "step": "1" if one.kind is FieldKind.INTEGER else "any",
        "required": one.required,
        "options": options,
        "longest": one.longest,
        "value": value,
        "missing": missing,
    }


def _by(stage: Stage) -> str:
    return ", ".join(map(_named, stage.approvers))


def _named(ref: ApproverRef) -> str:
    return WORDS[ref.kind].format(ref.name)
