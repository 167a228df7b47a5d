"""What may be asked, and the way it then has to go. Everything that the submission rested on is
written into its events: the versions of catalog and directory, the policies, and the route."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from domain.access_request.asking import Asked, examined
from domain.access_request.commands import ItemId, SubmitRequest
from domain.access_request.events import (
    Directory,
    FieldAnswer,
    RequestRouted,
    RequestSubmitted,
    Route,
    RuleUsed,
)
from domain.access_request.evolve import RequestEvent
from domain.access_request.facts import SubmissionFacts
from domain.access_request.routing import enter
from domain.access_request.state import Absent, AccessRequest
from domain.access_request.unfolding import Unfolding
from domain.access_request.wanted import check_wanted
from domain.person import PersonRecord
from domain.policy import BreakGlass, Extension, Policy, check_break_glass, pre_approval
from domain.values import Personal

EMERGENCY = "break-glass"
EXTENSION = "extension"


def submit(
    state: AccessRequest, command: SubmitRequest, facts: SubmissionFacts
) -> Sequence[RequestEvent]:
    """Let the request come into being and start on its way."""
    asked = examined(command, facts)
    if not isinstance(state, Absent):
        # The bus leads an equal request to the one still open: asked and answered. Only a caller
        # who could have submitted it gets this far, so nobody learns of a stranger's request.
        return []
    check_wanted(command, facts, asked)
    unfolding = Unfolding(state, facts.approvers, command.now)
    unfolding.add(_submitted(command, facts, asked))
    routes = _routes(command, facts, asked)
    unfolding.add(
        RequestRouted(
            request_id=command.request_id,
            app_id=command.app_id,
            routes=routes,
            pending_until=command.now
            + timedelta(seconds=min(route.waiting.pending_seconds for route in routes)),
        )
    )
    enter(unfolding, unfolding.request.items, 0)
    unfolding.close_if_finished()
    return unfolding.events


def _submitted(command: SubmitRequest, facts: SubmissionFacts, asked: Asked) -> RequestSubmitted:
    first = facts.policies[0]
    prompts = {one.field_id: one.prompt for one in asked.fields}
    return RequestSubmitted(
        request_id=command.request_id,
        requester=command.requester,
        target=command.target,
        app=asked.app,
        permissions=asked.permissions,
        justification=asked.justification,
        access_seconds=asked.access_seconds,
        starts_at=command.starts_at,
        directory=Directory(
            requester_version=asked.requester.version,
            target_version=asked.target.version,
            target_manager=asked.target.record.manager,
            target_groups=asked.target.record.groups,
        ),
        rule=RuleUsed(first.policy_id, first.version),
        answers=tuple(
            FieldAnswer(field_id, prompts[field_id], Personal(command.requester, answer))
            for field_id, answer in asked.answers.items()
        ),
        extends=command.extends,
        emergency=command.emergency,
    )


def _routes(command: SubmitRequest, facts: SubmissionFacts, asked: Asked) -> tuple[Route, ...]:
    """Items that go the same way go it together."""
    ways: dict[tuple[str, str | None], tuple[Policy, list[ItemId]]] = {}
    for item, policy in zip(asked.item_ids, facts.policies, strict=True):
        rule = _approved_by(command, policy, asked.target.record, item, asked.access_seconds)
        ways.setdefault((policy.policy_id, rule), (policy, []))[1].append(item)
    return tuple(
        Route(
            items=tuple(items),
            rule=RuleUsed(policy.policy_id, policy.version),
            stages=policy.stages,
            provisioning=policy.provisioning,
            waiting=policy.waiting,
            minimum_evidence=policy.minimum_evidence,
            approved_by=rule,
            review=_review(command, policy, asked),
        )
        for (_, rule), (policy, items) in ways.items()
    )


def _approved_by(
    command: SubmitRequest,
    policy: Policy,
    target: PersonRecord,
    item: ItemId,
    seconds: int | None,
) -> str | None:
    """Return the rule that approves without asking, None where people have to be asked."""
    if command.emergency:
        return EMERGENCY
    if command.extends is not None and policy.extension is Extension.AUTOMATIC:
        return EXTENSION
    rule = pre_approval(policy, target, item, seconds)
    return rule.rule_id if rule else None


def _review(command: SubmitRequest, policy: Policy, asked: Asked) -> BreakGlass | None:
    if not command.emergency:
        return None
    return check_break_glass(policy, asked.target.record, asked.access_seconds)
