"""What a policy says about one wish: pure functions over facts that are passed in, from which the
events then record what was used. A refusal says which rule stands in the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from domain.catalog import EVERYONE, AppRecord
from domain.errors import (
    BreakGlassNotAllowed,
    ConflictOfDuties,
    DurationNotOffered,
    OnBehalfNotAllowed,
    PersonDisabled,
)
from domain.person import PersonRecord
from domain.policy.vocabulary import (
    ApproverKind,
    ApproverRef,
    BreakGlass,
    Conflict,
    Evidence,
    OnBehalf,
    OnCall,
    Policy,
    PreApproval,
    Provisioning,
    Stage,
    Waiting,
)
from domain.values import PersonId

_ORDER = tuple(Evidence)


def may_see(app: AppRecord, person: PersonRecord) -> bool:
    """Say whether the app's audience includes the person."""
    return app.audience == EVERYONE or app.audience in person.groups


def may_request(policy: Policy, person: PersonRecord) -> bool:
    """Say whether the policy lets the person hold what it governs."""
    return not policy.requestable_by or bool(set(policy.requestable_by) & set(person.groups))


def check_length(policy: Policy, seconds: int | None) -> None:
    """Raise `DurationNotOffered` unless access may last `seconds`.

    Any whole number of seconds up to the longest offered length will do: asking for less than a
    policy offers is never refused.
    """
    if seconds in policy.access_lengths:
        return
    finite = [length for length in policy.access_lengths if length is not None]
    if seconds is None or seconds <= 0 or seconds > max(finite, default=0):
        raise DurationNotOffered(seconds, policy.access_lengths)


def common_lengths(policies: Sequence[Policy]) -> tuple[int | None, ...]:
    """Return the lengths that may be asked for under all of these policies together: those that one
    offers and none refuses, the shortest first."""
    offered = {length for policy in policies for length in policy.access_lengths}
    finite = sorted(length for length in offered if length is not None)
    ordered = (*finite, None) if None in offered else tuple(finite)
    return tuple(one for one in ordered if all(_takes(policy, one) for policy in policies))


def _takes(policy: Policy, seconds: int | None) -> bool:
    try:
        check_length(policy, seconds)
    except DurationNotOffered:
        return False
    return True


def usual_length(policies: Sequence[Policy]) -> int | None:
    """Return the length that counts where none is asked for: the shortest that these policies have as
    their default."""
    return shortest([policy.default_access_length for policy in policies])


def shortest(lengths: Sequence[int | None]) -> int | None:
    """Return the shortest length; None is unlimited."""
    found: int | None = None
    for length in lengths:
        if longer(found, length):
            found = length
    return found


def check_on_behalf(
    policy: Policy, requester: PersonId, target: PersonId, target_record: PersonRecord
) -> None:
    """Raise unless `requester` may ask for `target`, and `target` can hold access at all."""
    if requester != target:
        reports = policy.on_behalf is OnBehalf.MANAGER and target_record.manager == requester
        if not reports and policy.on_behalf is not OnBehalf.ANYONE:
            raise OnBehalfNotAllowed(target)
    if target_record.disabled:
        raise PersonDisabled(target)


def pre_approval(
    policy: Policy, person: PersonRecord, item_id: str, seconds: int | None
) -> PreApproval | None:
    """Return the first rule that approves this item for this person without asking."""
    attributes = {(name, value.text) for name, value in person.attributes}
    for rule in policy.pre_approvals:
        grouped = not rule.groups or bool(set(rule.groups) & set(person.groups))
        described = all((one.name, one.value) in attributes for one in rule.attributes)
        covered = not rule.permissions or item_id in rule.permissions
        if grouped and described and covered and not longer(seconds, rule.longest_seconds):
            return rule
    return None


def longer(seconds: int | None, limit: int | None) -> bool:
    """Say whether a length exceeds a limit; None is unlimited in both."""
    return limit is not None and (seconds is None or seconds > limit)


def check_conflicts(
    conflicts: Iterable[Conflict], asked: Sequence[str], held: Iterable[str]
) -> None:
    """Raise `ConflictOfDuties` if one person would come to hold two items that exclude each other."""
    standing = set(held)
    for conflict in conflicts:
        wanted = [item for item in asked if item in conflict.items]
        others = sorted((standing | set(wanted)) & set(conflict.items))
        if wanted and len(others) > 1:
            other = next(one for one in others if one != wanted[0])
            raise ConflictOfDuties(wanted[0], other, conflict.conflict_id)


def check_break_glass(policy: Policy, person: PersonRecord, seconds: int | None) -> BreakGlass:
    """Return the emergency rule that applies; raises `BreakGlassNotAllowed`."""
    rule = policy.break_glass
    if rule is None or not set(rule.groups) & set(person.groups):
        raise BreakGlassNotAllowed
    if seconds is None or not 0 < seconds <= rule.longest_seconds:
        raise DurationNotOffered(seconds, (rule.longest_seconds,))
    return rule


def strong_enough(evidence: Evidence, minimum: Evidence) -> bool:
    """Say whether a level of evidence is at least the one a policy asks for."""
    return _ORDER.index(evidence) >= _ORDER.index(minimum)


def on_call_now(rotation: OnCall, now: datetime) -> str | None:
    """Return who is on call, or None before the rotation starts."""
    elapsed = (now - rotation.starts).total_seconds()
    if elapsed < 0 or not rotation.members:
        return None
    return rotation.members[int(elapsed // rotation.shift_seconds) % len(rotation.members)]


def references(
    stages: Iterable[Stage], waiting: Waiting, provisioning: Provisioning
) -> frozenset[ApproverRef]:
    """Return everybody who is named, and the administrators: whom a decision may have to know."""
    named = {ref for stage in stages for ref in stage.approvers}
    named.update(waiting.escalate_to, provisioning.assignees)
    named.add(ApproverRef(ApproverKind.ADMINISTRATORS))
    return frozenset(named)
