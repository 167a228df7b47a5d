"""Who has to decide on an item, stage after stage, until it is approved. A stage starts with those
whom policy names at that moment, less the requester, the target, and whoever has approved the item
before: one person counts once. If they are too few, administrators may decide as well; the number
needed is never lowered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from domain.access_request.events import RequestApproved, Route, StageApproved, StageStarted
from domain.access_request.facts import Approvers
from domain.access_request.provisioning import start_provisioning
from domain.access_request.state import Item, Request, integration_voter
from domain.access_request.unfolding import Unfolding, grouped, ids
from domain.policy import ApproverKind, ApproverRef, Stage
from domain.values import PersonId

ADMINISTRATORS = ApproverRef(ApproverKind.ADMINISTRATORS)
Eligible = tuple[tuple[PersonId, ...], tuple[str, ...], bool]
"""People, integrations, and whether administrators had to be added."""


def enter(unfolding: Unfolding, items: Sequence[Item], stage: int) -> None:
    """Let items wait at this stage of their routes, or be approved where there is none."""
    for place, members in grouped(items, lambda item: item.route):
        route = unfolding.request.routes[place]
        if route.approved_by is not None or stage >= len(route.stages):
            approve(unfolding, members)
        else:
            _start(unfolding, route, members, stage)


def _start(unfolding: Unfolding, route: Route, items: Sequence[Item], number: int) -> None:
    stage, waiting, now = route.stages[number], route.waiting, unfolding.now
    remind_at = now + timedelta(seconds=waiting.remind_seconds)
    escalate_at = (
        now + timedelta(seconds=waiting.escalate_seconds) if waiting.escalate_seconds else None
    )
    for (people, integrations, fallback), members in grouped(
        items, lambda item: eligible(unfolding.request, item, stage, unfolding.approvers)
    ):
        unfolding.add(
            StageStarted(
                request_id=unfolding.request_id,
                app_id=unfolding.app_id,
                items=ids(members),
                stage=number,
                name=stage.name,
                kind=stage.kind,
                needed=stage.needed,
                approvers=people,
                integrations=integrations,
                fallback=fallback,
                remind_at=remind_at,
                escalate_at=escalate_at,
            )
        )


def eligible(request: Request, item: Item, stage: Stage, known: Approvers) -> Eligible:
    """Return who may decide on the item at the stage."""
    people = people_for(request, item, stage.approvers, known)
    integrations = tuple(
        sorted(
            ref.name
            for ref in stage.approvers
            if ref.kind is ApproverKind.INTEGRATION
            and ref.name in known.integrations
            and integration_voter(ref.name) not in item.voters
        )
    )
    if len(people) + len(integrations) >= stage.needed:
        return people, integrations, False
    widened = people_for(request, item, (*stage.approvers, ADMINISTRATORS), known)
    return widened, integrations, True


def people_for(
    request: Request, item: Item, references: Iterable[ApproverRef], known: Approvers
) -> tuple[PersonId, ...]:
    """Return the people whom the references mean and who may judge this item, sorted."""
    submission = request.submission
    excluded = {submission.requester, submission.target, *item.voters}
    meant = {person for ref in references for person in known.people.get(ref, ())}
    return tuple(sorted(meant - excluded))


def advance(unfolding: Unfolding, items: Sequence[Item]) -> None:
    """Let the items that have all the approvals their stage needs go on to the next."""
    passed = [one for one in unfolding.present(items) if len(one.approved) >= one.needed]
    for (place, number), members in grouped(passed, lambda item: (item.route, item.stage)):
        stage = unfolding.request.routes[place].stages[number]
        unfolding.add(
            StageApproved(
                unfolding.request_id,
                unfolding.app_id,
                ids(members),
                number,
                stage.name,
                stage.kind,
            )
        )
        enter(unfolding, unfolding.present(members), number + 1)


def approve(unfolding: Unfolding, items: Sequence[Item]) -> None:
    """Approve items, and see to it that they are granted."""
    submission = unfolding.request.submission
    for (place, seconds), members in grouped(items, lambda one: (one.route, one.access_seconds)):
        route = unfolding.request.routes[place]
        unfolding.add(
            RequestApproved(
                request_id=unfolding.request_id,
                app_id=unfolding.app_id,
                items=ids(members),
                access_seconds=seconds,
                rule=route.rule,
                approved_by=route.approved_by,
                starts_at=submission.starts_at,
                extends=submission.extends,
            )
        )
        start_provisioning(unfolding, unfolding.present(members))
