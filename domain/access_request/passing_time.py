"""What time does to a request: it lapses, its approvers are reminded and joined by others, approved
access starts, orders fail for want of an answer or are given again, and access that has an end
ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.access_request.commands import LetTimePass
from domain.access_request.events import (
    RequestExpired,
)
from domain.access_request.evolve import RequestEvent
from domain.access_request.facts import ActionFacts
from domain.access_request.fulfilment_events import Ending
from domain.access_request.provisioning import fail, retry, start_provisioning, start_removal
from domain.access_request.routing import people_for
from domain.access_request.state import AccessRequest, Item, Request
from domain.access_request.status import DEPROVISIONING, PROVISIONING, Status
from domain.access_request.unfolding import Unfolding, grouped, ids
from domain.access_request.waiting_events import (
    ApproversReminded,
    RequestEscalated,
)
from domain.values import PersonId


def let_time_pass(
    state: AccessRequest, command: LetTimePass, facts: ActionFacts
) -> Sequence[RequestEvent]:
    """Do what is due."""
    if not isinstance(state, Request):
        return []
    unfolding = Unfolding(state, facts.approvers, command.now)
    if _due(state.pending_until, command.now):
        _lapse(unfolding)
    _escalate(unfolding)
    _remind(unfolding)
    for item in unfolding.request.items:
        _work(unfolding, item)
    unfolding.close_if_finished()
    return unfolding.events


def _due(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


def _lapse(unfolding: Unfolding) -> None:
    waiting = [item for item in unfolding.request.items if item.waits]
    if waiting:
        unfolding.add(RequestExpired(unfolding.request_id, unfolding.app_id, ids(waiting)))


def _escalate(unfolding: Unfolding) -> None:
    request = unfolding.request
    late = [item for item in request.items if item.waits and _due(item.escalate_at, unfolding.now)]

    def joined(item: Item) -> tuple[PersonId, ...]:
        references = request.route_of(item).waiting.escalate_to
        more = people_for(request, item, references, unfolding.approvers)
        return tuple(sorted({*item.approvers, *more}))

    for people, members in grouped(late, joined):
        unfolding.add(
            RequestEscalated(unfolding.request_id, unfolding.app_id, ids(members), people)
        )


def _remind(unfolding: Unfolding) -> None:
    request = unfolding.request
    late = [item for item in request.items if item.waits and _due(item.remind_at, unfolding.now)]
    for (people, route), members in grouped(late, lambda item: (item.approvers, item.route)):
        every = timedelta(seconds=request.routes[route].waiting.remind_seconds)
        unfolding.add(
            ApproversReminded(
                unfolding.request_id,
                unfolding.app_id,
                ids(members),
                people,
                unfolding.now + every,
            )
        )


def _work(unfolding: Unfolding, item: Item) -> None:
    now = unfolding.now
    if item.status is Status.APPROVED and _due(unfolding.request.submission.starts_at, now):
        start_provisioning(unfolding, (item,))
    elif item.status is Status.PROVISIONED and _due(item.expires_at, now):
        start_removal(unfolding, item, Ending.EXPIRY)
    elif item.status in PROVISIONING | DEPROVISIONING:
        if item.retry_at is not None:
            if _due(item.retry_at, now):
                retry(unfolding, item)
        elif item.task is not None and _due(item.task.answer_by, now):
            fail(unfolding, item, None)
