"""A policy back in the form of a file."""

from __future__ import annotations

from collections.abc import Iterable

from domain.lengths import format_duration, format_length
from domain.policy import ApproverRef, BreakGlass, Policy, PreApproval, Provisioning, Waiting
from server.policies.approver_names import format_approver
from server.policies.document import (
    BreakGlassEntry,
    ConflictEntry,
    OnCallEntry,
    PolicyEntry,
    PreApprovalEntry,
    ProvisioningEntry,
    StageEntry,
    WaitingEntry,
)
from server.policies.form_schema import format_form


def entry_of(policy: Policy) -> PolicyEntry:
    """Return the entry that `policy_of` reads back to this policy, but for its version."""
    emergency = policy.break_glass
    return PolicyEntry(
        id=policy.policy_id,
        requestable_by=list(policy.requestable_by),
        access_lengths=list(map(format_length, policy.access_lengths)),
        default_access_length=format_length(policy.default_access_length),
        justification_required=policy.justification_required,
        on_behalf=policy.on_behalf,
        form=format_form(policy.fields),
        approval=[
            StageEntry(one.name, _names(one.approvers), one.needed) for one in policy.stages
        ],
        pre_approved=list(map(_pre_approval_entry, policy.pre_approvals)),
        conflicts=[ConflictEntry(one.conflict_id, list(one.items)) for one in policy.conflicts],
        maximum_open=policy.maximum_open,
        minimum_evidence=policy.minimum_evidence,
        extension=policy.extension,
        break_glass=_break_glass_entry(emergency) if emergency else None,
        on_call=[
            OnCallEntry(
                one.name, list(one.members), one.starts, format_duration(one.shift_seconds)
            )
            for one in policy.on_call
        ],
        provisioning=_provisioning_entry(policy.provisioning),
        waiting=_waiting_entry(policy.waiting),
    )


def _names(references: Iterable[ApproverRef]) -> list[str]:
    return list(map(format_approver, references))


def _pre_approval_entry(rule: PreApproval) -> PreApprovalEntry:
    return PreApprovalEntry(
        rule.rule_id,
        list(rule.groups),
        {one.name: one.value for one in rule.attributes},
        list(rule.permissions),
        format_length(rule.longest_seconds),
    )


def _break_glass_entry(rule: BreakGlass) -> BreakGlassEntry:
    return BreakGlassEntry(
        list(rule.groups),
        format_duration(rule.longest_seconds),
        _names(rule.review_by),
        format_duration(rule.review_seconds),
    )


def _provisioning_entry(rules: Provisioning) -> ProvisioningEntry:
    return ProvisioningEntry(
        rules.integration,
        _names(rules.assignees),
        rules.instructions,
        format_duration(rules.answer_seconds),
        rules.attempts,
    )


def _waiting_entry(rules: Waiting) -> WaitingEntry:
    escalate = rules.escalate_seconds
    return WaitingEntry(
        format_duration(rules.pending_seconds),
        format_duration(rules.remind_seconds),
        None if escalate is None else format_duration(escalate),
        _names(rules.escalate_to),
    )
