"""What follows for access requests from what happens elsewhere, and for others from what happens to a
request, in the same transaction: an approved extension makes access last longer, access that ends
takes its open extensions along, an emergency is to be reviewed, and whoever leaves loses what he
holds."""

from __future__ import annotations

import contextlib
from datetime import timedelta

from domain import access_request
from domain.access_request import (
    CancelRequest,
    DeprovisioningStarted,
    ExtendAccess,
    Request,
    RequestApproved,
    RequestRouted,
    ReviseApprovers,
    RevokeAccess,
    request_stream,
)
from domain.catalog import AppRetired, PermissionRetired
from domain.errors import Conflicting
from domain.person import (
    PersonChanged,
    PersonRecord,
    PersonRegistered,
    Role,
    RoleEvent,
    RoleGranted,
    RoleReleased,
    RoleRevoked,
)
from domain.policy import ApproverKind, ApproverRef
from domain.review import Judgement, RequireReview, ReviewCompleted
from domain.values import PersonId, RequestId
from projections.approver_references import TARGET, requests_that_name
from projections.holdings import (
    open_items,
    requests_for_app,
    requests_held_by,
    requests_that_ask_for,
    requests_with_open_items,
)
from projections.inbox import requests_waiting_for
from server.approvers import Circumstances, approvers
from server.command_bus import CommandContext, Reactions, UnitOfWork
from server.known_facts import known_app, known_person

ADMINISTRATORS = ApproverRef(ApproverKind.ADMINISTRATORS)
LEFT = "The person has left or is disabled."
GONE = "It is no longer in the catalog."
ENDED = "The access that was to be extended has ended."
NO_EMERGENCY = "The review found no emergency."


def routed(work: UnitOfWork, event: RequestRouted, context: CommandContext) -> None:
    """Have an emergency reviewed."""
    rules = [route.review for route in event.routes if route.review is not None]
    request = _request(work, event.request_id)
    if not rules or request is None:
        return
    submission = request.submission
    target = known_person(work, submission.target)
    app = known_app(work, event.app_id)
    where = Circumstances(
        target.record if target else None, app.record if app else None, context.now
    )
    named = {ref for rule in rules for ref in rule.review_by}
    found = approvers(work, {*named, ADMINISTRATORS}, where)
    concerned = {submission.requester, submission.target}
    reviewers = {one for ref in named for one in found[ref]} - concerned
    work.execute(
        RequireReview(
            request_id=event.request_id,
            app_id=event.app_id,
            requester=submission.requester,
            target=submission.target,
            reviewers=tuple(sorted(reviewers or set(found[ADMINISTRATORS]))),
            due_at=context.now + timedelta(seconds=min(rule.review_seconds for rule in rules)),
        ),
        context,
    )


def approved(work: UnitOfWork, event: RequestApproved, context: CommandContext) -> None:
    """Let access last longer, where an extension was approved."""
    if event.extends is None:
        return
    seconds = event.access_seconds
    until = None if seconds is None else context.now + timedelta(seconds=seconds)
    work.execute(ExtendAccess(event.extends, event.request_id, event.items, until), context)


def removal_started(
    work: UnitOfWork, event: DeprovisioningStarted, context: CommandContext
) -> None:
    """Cancel the extensions that are open of what ends."""
    open_ones = open_items(work.rows, event.target, extension=True)
    extension = _request(work, open_ones.get(event.item_id))
    if extension is not None and extension.submission.extends == event.request_id:
        _cancel(work, open_ones[event.item_id], (event.item_id,), ENDED, context)


def reviewed(work: UnitOfWork, event: ReviewCompleted, context: CommandContext) -> None:
    """End what a reviewer objects to, wherever it stands."""
    if event.judgement is Judgement.OBJECTED:
        _cancel(work, event.request_id, None, NO_EMERGENCY, context)
        _revoke(work, event.request_id, NO_EMERGENCY, context)


def person_known(
    work: UnitOfWork, event: PersonRegistered | PersonChanged, context: CommandContext
) -> None:
    """Look up anew who may decide where the person is named; let who is disabled lose all."""
    person_id = event.person_id
    if event.record.disabled:
        for request_id in requests_with_open_items(work.rows, person_id):
            _cancel(work, request_id, None, LEFT, context)
        for request_id in requests_held_by(work.rows, person_id):
            _revoke(work, request_id, LEFT, context)
    for request_id in sorted(_naming(work, person_id, event.record)):
        work.execute(ReviseApprovers(request_id, context.now), context)


def role_changed(work: UnitOfWork, event: RoleEvent, context: CommandContext) -> None:
    """Look up anew who may decide where roles do."""
    known = known_person(work, event.person_id)
    if known is not None:
        for request_id in sorted(_naming(work, event.person_id, known.record)):
            work.execute(ReviseApprovers(request_id, context.now), context)


def _naming(work: UnitOfWork, person_id: PersonId, record: PersonRecord) -> set[RequestId]:
    """Return the requests where it may matter who this person is."""
    rows = work.rows
    named = set(requests_waiting_for(rows, person_id))
    named |= requests_that_name(rows, TARGET, person_id)
    named |= requests_that_name(rows, ApproverKind.PERSON, person_id)
    named |= requests_that_name(rows, ApproverKind.PERSON, record.username.text)
    for group in record.groups:
        named |= requests_that_name(rows, ApproverKind.GROUP, group)
    if Role.ADMINISTRATOR in record.roles:
        named |= requests_that_name(rows, ApproverKind.ADMINISTRATORS)
    return named


def app_retired(work: UnitOfWork, event: AppRetired, context: CommandContext) -> None:
    """Cancel what is asked of an app that is no more."""
    for request_id in requests_for_app(work.rows, event.app_id):
        _cancel(work, request_id, None, GONE, context)


def permission_retired(
    work: UnitOfWork, event: PermissionRetired, context: CommandContext
) -> None:
    """Cancel what is asked of a permission that is no more."""
    for request_id in requests_that_ask_for(work.rows, event.permission_id):
        _cancel(work, request_id, (event.permission_id,), GONE, context)


def _request(work: UnitOfWork, request_id: RequestId | None) -> Request | None:
    if request_id is None:
        return None
    _, state = work.state_of(access_request.DECIDER, request_stream(request_id))
    return state if isinstance(state, Request) else None


def _cancel(
    work: UnitOfWork,
    request_id: RequestId,
    items: tuple[str, ...] | None,
    why: str,
    context: CommandContext,
) -> None:
    # What is decided or granted by now is not there to be cancelled: that is no fault here.
    with contextlib.suppress(Conflicting):
        work.execute(CancelRequest(request_id, None, why, context.now, items=items), context)


def _revoke(work: UnitOfWork, request_id: RequestId, why: str, context: CommandContext) -> None:
    with contextlib.suppress(Conflicting):
        work.execute(RevokeAccess(request_id, None, why, context.now), context)


REQUEST_REACTIONS: Reactions = {
    RequestRouted: routed,
    RequestApproved: approved,
    DeprovisioningStarted: removal_started,
    ReviewCompleted: reviewed,
    PersonRegistered: person_known,
    RoleGranted: role_changed,
    RoleRevoked: role_changed,
    RoleReleased: role_changed,
    AppRetired: app_retired,
    PermissionRetired: permission_retired,
}
