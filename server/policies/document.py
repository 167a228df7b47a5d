"""One policy as it stands in a file. Everything but the id has a default, the same as that of the
policy which applies where none is named; reading checks each part and says in words what is wrong
with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from domain.policy import (
    DEFAULT,
    ApproverKind,
    ApproverRef,
    Attribute,
    BreakGlass,
    Conflict,
    Evidence,
    Extension,
    OnBehalf,
    OnCall,
    Policy,
    PreApproval,
    Provisioning,
    Stage,
    StageKind,
    Waiting,
)
from server.policies.approver_names import format_approver, parse_approver
from server.policies.durations import (
    parse_duration,
    parse_length,
)
from server.policies.form_schema import Form, parse_form

_STRICT: dict[str, Any] = {"forbid_unknown_fields": True, "omit_defaults": True}


def _administrators() -> list[str]:
    return [format_approver(ApproverRef(ApproverKind.ADMINISTRATORS))]


class StageEntry(msgspec.Struct, **_STRICT):
    """A stage of approval: `needed` of those named by `by`. Who stands alone as ``manager`` makes it
    the manager's stage."""

    name: str
    by: list[str]
    needed: int = 1


class PreApprovalEntry(msgspec.Struct, **_STRICT):
    """A rule that approves without asking."""

    rule: str
    groups: list[str] = []
    attributes: dict[str, str] = {}
    permissions: list[str] = []
    longest: str = "unlimited"


class ConflictEntry(msgspec.Struct, **_STRICT):
    """Permissions or apps of which nobody may hold two."""

    id: str
    items: list[str]


class BreakGlassEntry(msgspec.Struct, **_STRICT):
    """Access at once in an emergency, reviewed afterwards."""

    groups: list[str]
    longest: str
    review_by: list[str]
    review_within: str = "2 days"


class OnCallEntry(msgspec.Struct, **_STRICT):
    """A rotation of people; `starts` is RFC 3339 with its offset."""

    name: str
    members: list[str]
    starts: datetime
    shift: str = "7 days"


class ProvisioningEntry(msgspec.Struct, **_STRICT):
    """Who grants and removes."""

    integration: str = ""
    assignees: list[str] = msgspec.field(default_factory=_administrators)
    instructions: str = ""
    answer_within: str = "1 hour"
    attempts: int = 3


class WaitingEntry(msgspec.Struct, **_STRICT):
    """What time does while nobody decides."""

    lapse_after: str = "14 days"
    remind_every: str = "1 day"
    escalate_after: str | None = "3 days"
    escalate_to: list[str] = msgspec.field(default_factory=_administrators)


class PolicyEntry(msgspec.Struct, **_STRICT):
    """A policy."""

    id: str
    requestable_by: list[str] = []
    access_lengths: list[str] | None = None
    default_access_length: str | None = None
    justification_required: bool = True
    on_behalf: OnBehalf = OnBehalf.MANAGER
    form: Form = msgspec.field(default_factory=Form)
    approval: list[StageEntry] | None = None
    pre_approved: list[PreApprovalEntry] = []
    conflicts: list[ConflictEntry] = []
    maximum_open: int = 100
    minimum_evidence: Evidence = Evidence.ASSERTED
    extension: Extension = Extension.APPROVAL
    break_glass: BreakGlassEntry | None = None
    on_call: list[OnCallEntry] = []
    provisioning: ProvisioningEntry = msgspec.field(default_factory=ProvisioningEntry)
    waiting: WaitingEntry = msgspec.field(default_factory=WaitingEntry)


def policy_of(entry: PolicyEntry) -> Policy:
    """Return the policy that an entry means; raises `ValueError`."""
    lengths = _lengths(entry)
    default = (
        parse_length(entry.default_access_length)
        if entry.default_access_length is not None
        else _default_length(lengths)
    )
    return Policy(
        policy_id=entry.id,
        version=0,
        access_lengths=lengths,
        default_access_length=default,
        justification_required=entry.justification_required,
        on_behalf=entry.on_behalf,
        requestable_by=tuple(entry.requestable_by),
        fields=parse_form(entry.form),
        stages=_stages(entry),
        pre_approvals=tuple(map(_pre_approval, entry.pre_approved)),
        conflicts=tuple(Conflict(one.id, tuple(one.items)) for one in entry.conflicts),
        maximum_open=entry.maximum_open,
        minimum_evidence=entry.minimum_evidence,
        extension=entry.extension,
        break_glass=_break_glass(entry.break_glass),
        on_call=tuple(map(_rotation, entry.on_call)),
        provisioning=_provisioning(entry.provisioning),
        waiting=_waiting(entry.waiting),
    )


def _lengths(entry: PolicyEntry) -> tuple[int | None, ...]:
    if entry.access_lengths is None:
        return DEFAULT.access_lengths
    return tuple(map(parse_length, entry.access_lengths))


def _default_length(lengths: tuple[int | None, ...]) -> int | None:
    """Where none is named: that of the default policy if it is offered, else the first."""
    usual = DEFAULT.default_access_length
    return usual if usual in lengths or not lengths else lengths[0]


def _stages(entry: PolicyEntry) -> tuple[Stage, ...]:
    if entry.approval is None:
        return DEFAULT.stages
    return tuple(map(_stage, entry.approval))


def _stage(entry: StageEntry) -> Stage:
    approvers = _approvers(entry.by)
    alone = approvers == (ApproverRef(ApproverKind.MANAGER),)
    kind = StageKind.MANAGER if alone else StageKind.APPROVAL
    return Stage(entry.name, kind, entry.needed, approvers)


def _approvers(names: Iterable[str]) -> tuple[ApproverRef, ...]:
    return tuple(map(parse_approver, names))


def _pre_approval(entry: PreApprovalEntry) -> PreApproval:
    return PreApproval(
        entry.rule,
        tuple(entry.groups),
        tuple(Attribute(name, value) for name, value in sorted(entry.attributes.items())),
        tuple(entry.permissions),
        parse_length(entry.longest),
    )


def _break_glass(entry: BreakGlassEntry | None) -> BreakGlass | None:
    if entry is None:
        return None
    return BreakGlass(
        tuple(entry.groups),
        parse_duration(entry.longest),
        _approvers(entry.review_by),
        parse_duration(entry.review_within),
    )


def _rotation(entry: OnCallEntry) -> OnCall:
    if entry.starts.tzinfo is None:
        msg = f"starts of {entry.name} must say its offset, as in 2027-01-04T09:00:00Z"
        raise ValueError(msg)
    return OnCall(entry.name, tuple(entry.members), entry.starts, parse_duration(entry.shift))


def _provisioning(entry: ProvisioningEntry) -> Provisioning:
    return Provisioning(
        entry.integration,
        _approvers(entry.assignees),
        entry.instructions,
        parse_duration(entry.answer_within),
        entry.attempts,
    )


def _waiting(entry: WaitingEntry) -> Waiting:
    return Waiting(
        parse_duration(entry.lapse_after),
        parse_duration(entry.remind_every),
        None if entry.escalate_after is None else parse_duration(entry.escalate_after),
        _approvers(entry.escalate_to),
    )
