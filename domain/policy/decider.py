"""The life of a policy: published in versions, each whole, and retired. A policy that could never
be fulfilled, or that reads otherwise than its author can have meant, is refused when published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from domain.decider import Decider
from domain.errors import PolicyUnfit
from domain.policy.evaluation import references
from domain.policy.patterns import fault_of
from domain.policy.vocabulary import (
    DAY,
    HOUR,
    ApproverKind,
    ApproverRef,
    Policy,
    PolicyCommand,
    PolicyEvent,
    PolicyPublished,
    PolicyRetired,
    PublishPolicy,
    RetirePolicy,
    Stage,
    StageKind,
)
from domain.values import StreamId, identifier, stream_id

DEFAULT_ID = "default"
MANAGER = Stage("manager", StageKind.MANAGER, 1, (ApproverRef(ApproverKind.MANAGER),))

DEFAULT = Policy(
    policy_id=DEFAULT_ID,
    version=0,
    access_lengths=(
        2 * HOUR,
        4 * HOUR,
        8 * HOUR,
        12 * HOUR,
        1 * DAY,
        2 * DAY,
        3 * DAY,
        7 * DAY,
        14 * DAY,
        30 * DAY,
        90 * DAY,
        None,
    ),
    default_access_length=30 * DAY,
    stages=(MANAGER,),
)
"""What applies until a policy called ``default`` is published: the manager decides, an
administrator grants by hand."""


@dataclass(frozen=True, slots=True)
class PolicyState:
    """The version in force, None before the first and after it was retired; and how many there
    have been."""

    policy: Policy | None = None
    versions: int = 0


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """The rotations that there are, and which policy defines each. Any policy may name any."""

    rotations: Mapping[str, str] = field(default_factory=dict)


def decide(
    state: PolicyState, command: PolicyCommand, facts: PolicyFacts
) -> Sequence[PolicyEvent]:
    """Decide on one policy."""
    match command:
        case PublishPolicy(policy):
            check_policy(policy, facts)
            if (
                state.policy is not None
                and replace(policy, version=state.versions) == state.policy
            ):
                return []
            return [PolicyPublished(replace(policy, version=state.versions + 1))]
        case RetirePolicy(policy_id):
            return [] if state.policy is None else [PolicyRetired(policy_id)]
        case _ as never:
            assert_never(never)


def evolve(state: PolicyState, event: PolicyEvent) -> PolicyState:
    """Fold one policy event."""
    match event:
        case PolicyPublished(policy):
            return PolicyState(policy, policy.version)
        case PolicyRetired():
            return replace(state, policy=None)
        case _ as never:
            assert_never(never)


def check_policy(policy: Policy, facts: PolicyFacts) -> None:
    """Raise `PolicyUnfit` for a rule that nobody could have meant or that cannot be fulfilled."""
    identifier("policy id", policy.policy_id)
    if policy.default_access_length not in policy.access_lengths:
        raise PolicyUnfit(policy.policy_id, "default_access_length is not among access_lengths")
    if any(length is not None and length <= 0 for length in policy.access_lengths):
        raise PolicyUnfit(policy.policy_id, "a length of access is not positive")
    _check_rotations(policy, facts)
    _check_stages(policy)
    _check_fields(policy)
    _check_times(policy)
    for conflict in policy.conflicts:
        if len(set(conflict.items)) <= 1:
            raise PolicyUnfit(
                policy.policy_id, f"conflict {conflict.conflict_id} excludes nothing"
            )


def _check_stages(policy: Policy) -> None:
    for number, stage in enumerate(policy.stages):
        if not stage.approvers:
            raise PolicyUnfit(policy.policy_id, f"stage {stage.name} names nobody")
        if stage.needed < 1:
            raise PolicyUnfit(policy.policy_id, f"stage {stage.name} needs nobody")
        if stage.kind is StageKind.MANAGER and number:
            raise PolicyUnfit(policy.policy_id, "the manager decides first or not at all")
        if sum(one.name == stage.name for one in policy.stages) > 1:
            raise PolicyUnfit(policy.policy_id, f"two stages are called {stage.name}")
        single = {ApproverKind.MANAGER, ApproverKind.PERSON, ApproverKind.INTEGRATION}
        kinds = [ref.kind for ref in stage.approvers]
        if set(kinds) <= single and stage.needed > len(set(stage.approvers)):
            raise PolicyUnfit(policy.policy_id, f"stage {stage.name} needs more than it names")


def _check_rotations(policy: Policy, facts: PolicyFacts) -> None:
    """A rotation has one meaning everywhere: its name is one policy's."""
    own = {one.name for one in policy.on_call}
    others = {name for name, by in facts.rotations.items() if by != policy.policy_id}
    for name in sorted(own & others):
        raise PolicyUnfit(policy.policy_id, f"another policy defines the rotation {name}")
    named = references(policy.stages, policy.waiting, policy.provisioning)
    reviewers = policy.break_glass.review_by if policy.break_glass else ()
    for ref in sorted({*named, *reviewers}):
        if ref.kind is ApproverKind.ON_CALL and ref.name not in own | others:
            raise PolicyUnfit(policy.policy_id, f"there is no rotation {ref.name}")


def _check_fields(policy: Policy) -> None:
    seen: set[str] = set()
    for one in policy.fields:
        identifier("field id", one.field_id)
        if one.field_id in seen:
            raise PolicyUnfit(policy.policy_id, f"two fields are called {one.field_id}")
        seen.add(one.field_id)
        if one.pattern and (fault := fault_of(one.pattern, one.longest)):
            why = f"the pattern of {one.field_id} {fault}"
            raise PolicyUnfit(policy.policy_id, why)


def _check_times(policy: Policy) -> None:
    waiting = policy.waiting
    lengths = (waiting.pending_seconds, waiting.remind_seconds, waiting.escalate_seconds or 1)
    if min(*lengths, policy.provisioning.answer_seconds, policy.provisioning.attempts) < 1:
        raise PolicyUnfit(policy.policy_id, "a time or a number of attempts is not positive")
    for rotation in policy.on_call:
        if rotation.shift_seconds < 1 or not rotation.members or rotation.starts.tzinfo is None:
            raise PolicyUnfit(policy.policy_id, f"rotation {rotation.name} never turns")
    if policy.break_glass and not policy.break_glass.review_by:
        raise PolicyUnfit(policy.policy_id, "break_glass names nobody to review it")


DECIDER: Decider[PolicyState, PolicyCommand, PolicyFacts, PolicyEvent] = Decider(
    category="policy", initial=PolicyState(), decide=decide, evolve=evolve
)


def policy_stream(policy_id: str) -> StreamId:
    """Return the stream of one policy."""
    return stream_id(DECIDER.category, policy_id)
