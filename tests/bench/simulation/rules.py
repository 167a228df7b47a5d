"""The company's policies and the integration they name: from approval by rule to two stages with
security looking on. They are revised now and then."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from domain.integration import AddIntegration, IntegrationRecord, Right
from domain.policy import (
    DAY,
    DEFAULT,
    HOUR,
    ApproverKind,
    ApproverRef,
    BreakGlass,
    Evidence,
    Extension,
    FormField,
    Policy,
    PreApproval,
    Provisioning,
    PublishPolicy,
    Stage,
    StageKind,
)
from domain.values import Actor, Via
from tests.bench.simulation import scene as times
from tests.bench.simulation.scene import Scene

CONSOLE = Actor(Via.CLI)
WORKFLOW = "workflow"
"""The integration that grants and removes, and brings decisions out of a chat."""
DESK, SECURITY, ON_CALL = "service-desk", "security-review", "on-call"
OPEN, MANAGER, BY_HAND, TWO_STAGE, SENSITIVE = (
    "open",
    "manager",
    "by-hand",
    "two-stage",
    "sensitive",
)
SHARES = {OPEN: 25, MANAGER: 35, BY_HAND: 12, TWO_STAGE: 20, SENSITIVE: 8}
"""How many of a hundred apps each policy governs."""
REVISIONS = 12
"""In a year."""


def _group(name: str) -> tuple[ApproverRef, ...]:
    return (ApproverRef(ApproverKind.GROUP, name),)


_BY_MACHINE = Provisioning(WORKFLOW)
_HANDS = Provisioning("", _group(DESK), "Use the console of the app; note the ticket.")
_OWNERS = Stage("owners", StageKind.APPROVAL, 1, (ApproverRef(ApproverKind.OWNER),))
_SECURITY = Stage("security", StageKind.APPROVAL, 2, _group(SECURITY))
_TICKET = FormField("ticket", "Ticket number", required=True, pattern="^T-[0-9]+$")
_SHORT = tuple(one for one in DEFAULT.access_lengths if one is not None and one <= 30 * DAY)

POLICIES = (
    replace(
        DEFAULT,
        policy_id=OPEN,
        pre_approvals=(PreApproval("standard", longest_seconds=30 * DAY),),
        provisioning=_BY_MACHINE,
    ),
    replace(DEFAULT, policy_id=MANAGER, provisioning=_BY_MACHINE),
    replace(DEFAULT, policy_id=BY_HAND, provisioning=_HANDS),
    replace(
        DEFAULT,
        policy_id=TWO_STAGE,
        stages=(*DEFAULT.stages, _OWNERS),
        provisioning=_BY_MACHINE,
        break_glass=BreakGlass((ON_CALL,), 4 * HOUR, _group(SECURITY)),
    ),
    replace(
        DEFAULT,
        policy_id=SENSITIVE,
        access_lengths=_SHORT,
        default_access_length=7 * DAY,
        stages=(*DEFAULT.stages, _SECURITY),
        fields=(_TICKET,),
        minimum_evidence=Evidence.SESSION,
        extension=Extension.REFUSED,
        provisioning=_HANDS,
    ),
)


class Rules:
    """The policies as they are in force."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.in_force: dict[str, Policy] = {}

    def found(self) -> None:
        """Plan that all of it is brought in now, and the revisions of the year."""
        scene = self._scene
        may = (Right.DECIDE, Right.FULFIL, Right.SUBSCRIBE)
        command = AddIntegration(WORKFLOW, IntegrationRecord(may))
        scene.plan(scene.at, partial(scene.do, command, CONSOLE))
        for policy in POLICIES:
            scene.plan(scene.at, partial(self._publish, policy))
        for _ in range(REVISIONS):
            when = scene.at + scene.chance.uniform(5, 365) * times.DAY
            scene.plan(when, self._revise)

    def _publish(self, policy: Policy) -> None:
        self._scene.do(PublishPolicy(policy), CONSOLE)
        self.in_force[policy.policy_id] = policy

    def _revise(self) -> None:
        """Remind sooner or later, or offer one length of access more or less."""
        chance = self._scene.chance
        policy = self.in_force[chance.choice(list(self.in_force))]
        if chance.random() < 0.5:
            remind = chance.choice((DAY, 2 * DAY, 3 * DAY))
            waiting = replace(policy.waiting, remind_seconds=remind)
            self._publish(replace(policy, waiting=waiting))
            return
        lengths = set(policy.access_lengths) ^ {chance.choice((6, 10, 60)) * HOUR}
        ordered = sorted(lengths, key=lambda one: (one is None, one or 0))
        self._publish(replace(policy, access_lengths=tuple(ordered)))
