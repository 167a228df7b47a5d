"""What a change of policy means, in the words by which a person decides on it: which policy governs from then on,
and who is asked by it."""

from __future__ import annotations

from domain.policy import Policy
from domain.ports import Rows
from projections.policies import policy_for
from server.policies.approver_names import format_approver


def approval(policy: Policy) -> str:
    """Say who decides by the policy, with what a person has to notice: that it may be nobody."""
    stages = [
        f"{one.name} ({one.needed} of {', '.join(map(format_approver, one.approvers))})"
        for one in policy.stages
    ]
    asked = f"Who decides: {', then '.join(stages)}." if stages else "Nobody is asked to approve."
    rules = ", ".join(one.rule_id for one in policy.pre_approvals)
    ahead = f" Approved ahead, without asking: {rules}." if rules else ""
    return f"{asked}{ahead}"


def governed(rows: Rows, *named: str) -> str:
    """Say which policy governs new requests where these are named, the nearest first."""
    policy = policy_for(rows, *named)
    return f"New requests are ruled by the policy {policy.policy_id}. {approval(policy)}"
