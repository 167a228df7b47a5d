"""What the policies do for one person who asks for one thing: the very decider is asked, with the
present facts and nothing appended, and each stage that would come is looked up as if it had been
reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.access_request import (
    DECIDER,
    Absent,
    Request,
    Route,
    StageStarted,
    SubmissionFacts,
    SubmitRequest,
    eligible,
)
from domain.errors import Refused, UnknownApp, UnknownPermission
from domain.lengths import format_duration, format_length
from domain.policy import Policy, may_request, may_see
from domain.ports import Rows
from projections.people import person_by_id
from server.command_bus import UnitOfWork
from server.policies.approver_names import format_approver
from server.policies.form_schema import form_schema
from server.request_facts import submission_facts

UNASKED = "explained"


def explain(
    work: UnitOfWork, command: SubmitRequest, proposed: Mapping[str, Policy]
) -> dict[str, Any]:
    """Return what the policies in force, or the `proposed` ones before them, do with a wish."""
    _, facts = submission_facts(work, command, proposed)
    given = replace(facts, policies=tuple(map(_without_form, facts.policies)))
    items: tuple[str, ...] = command.permission_ids or (command.app_id,)
    answer: dict[str, Any] = {
        "person": command.target,
        "items": [
            _rules(item, policy) for item, policy in zip(items, facts.policies, strict=True)
        ],
    }
    try:
        events = DECIDER.decide(Absent(), replace(command, justification=UNASKED), given)
    except Refused as refusal:
        return {**answer, "refused": {"code": refusal.code, "why": _why(refusal, command, facts)}}
    request = DECIDER.fold(events)
    if not isinstance(request, Request):
        msg = "a submission leads to a request"
        raise TypeError(msg)
    routes = [_route(work.rows, request, route, given) for route in request.routes]
    started = [one for one in events if isinstance(one, StageStarted)]
    return {**answer, "routes": routes, "waits": bool(started)}


def _why(refusal: Refused, command: SubmitRequest, facts: SubmissionFacts) -> str:
    """Return why, in words for whoever makes policies: he may know what the person may not."""
    if facts.target is None or not isinstance(refusal, UnknownApp | UnknownPermission):
        return refusal.sentence
    person, app = facts.target.record, facts.app
    if app is None:
        return f"The app {command.app_id} is not in the catalog any more."
    if not may_see(app.record, person):
        return (
            f"{command.app_id} is for the group {app.record.audience}; this person is not in it."
        )
    closed = next((one for one in facts.policies if not may_request(one, person)), None)
    if closed is None:
        return refusal.sentence
    groups = ", ".join(closed.requestable_by)
    return f"Policy {closed.policy_id} lets only {groups} request this; this person is in none of them."


def _without_form(policy: Policy) -> Policy:
    """What people fill in does not change the way a request goes."""
    return replace(policy, fields=(), justification_required=False)


def _rules(item: str, policy: Policy) -> dict[str, Any]:
    return {
        "item": item,
        "policy": {"id": policy.policy_id, "version": policy.version},
        "requestable_by": list(policy.requestable_by) or ["everyone who sees the app"],
        "justification_required": policy.justification_required,
        "form": form_schema(policy.fields),
        "access_lengths": list(map(format_length, policy.access_lengths)),
        "default_access_length": format_length(policy.default_access_length),
        "on_behalf": policy.on_behalf,
        "extension": policy.extension,
        "break_glass": policy.break_glass is not None,
    }


def _route(rows: Rows, request: Request, route: Route, facts: SubmissionFacts) -> dict[str, Any]:
    provisioning, waiting = route.provisioning, route.waiting
    return {
        "items": list(route.items),
        "policy": {"id": route.rule.policy_id, "version": route.rule.version},
        "approved_by_rule": route.approved_by,
        "stages": [] if route.approved_by else _stages(rows, request, route, facts),
        "minimum_evidence": route.minimum_evidence,
        "granted_by": provisioning.integration
        or [format_approver(one) for one in provisioning.assignees],
        "lapses_after": format_duration(waiting.pending_seconds),
    }


def _stages(
    rows: Rows, request: Request, route: Route, facts: SubmissionFacts
) -> list[dict[str, Any]]:
    item = next(one for one in request.items if one.item_id == route.items[0])
    stages: list[dict[str, Any]] = []
    for stage in route.stages:
        people, integrations, fallback = eligible(request, item, stage, facts.approvers)
        stages.append(
            {
                "name": stage.name,
                "kind": stage.kind,
                "needed": stage.needed,
                "approvers": list(map(format_approver, stage.approvers)),
                "may_decide_now": [*_names(rows, people), *integrations],
                "administrators_added": fallback,
            }
        )
    return stages


def _names(rows: Rows, people: Sequence[str]) -> list[str]:
    found = (person_by_id(rows, one) for one in people)
    return [one.username for one in found if one is not None]
