"""The facts that a decision on an access request rests on, and the stream that it goes to. All of it
is read inside the command's own transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from domain import access_request, integration, policy
from domain.access_request import (
    ActionCommand,
    ActionFacts,
    Approvers,
    CallOffRemoval,
    CancelRequest,
    CommentOnRequest,
    Decide,
    ExtendAccess,
    HeldAccess,
    KnownApp,
    KnownPermission,
    KnownPerson,
    NoteRefusedDecision,
    Reassign,
    ReportFulfilment,
    Request,
    RevokeAccess,
    SubmissionFacts,
    SubmitRequest,
    person_ref,
    request_stream,
)
from domain.integration import Right
from domain.policy import DEFAULT, ApproverRef, Policy, references
from domain.values import PersonId, RequestId, StreamId
from projections.holdings import Standing, standing_of
from projections.integrations import allowed_integrations
from projections.policies import conflicts_of, policy_by_id, policy_for
from server.approvers import Circumstances, approvers
from server.command_bus import UnitOfWork
from server.known_facts import known_app, known_permission, known_person

NOTHING = Approvers()
POLICIES, INTEGRATIONS = policy.DECIDER.category, integration.DECIDER.category
NONE_PROPOSED: Mapping[str, Policy] = MappingProxyType({})


def submission_facts(
    work: UnitOfWork, command: SubmitRequest, proposed: Mapping[str, Policy] = NONE_PROPOSED
) -> tuple[StreamId, SubmissionFacts]:
    """Lead an equal request to the one that is still open, under any concurrency. Policies that are
    `proposed` are taken before those in force."""
    app = known_app(work, command.app_id)
    permissions = tuple(known_permission(work, one) for one in command.permission_ids)
    policies = _policies(work, app, permissions, proposed)
    target = known_person(work, command.target)
    asked: tuple[str, ...] = command.permission_ids or (command.app_id,)
    conflicts = work.recall(POLICIES, conflicts_of, asked)
    standing = _standing(
        work, command, {*asked, *(item for one in conflicts for item in one.items)}
    )
    facts = SubmissionFacts(
        requester=known_person(work, command.requester),
        target=target,
        app=app,
        permissions=permissions,
        policies=policies,
        approvers=_submission_approvers(work, command, policies, app, target),
        held=tuple(
            HeldAccess(one.item_id, one.request_id, one.expires_at, one.ending)
            for one in standing.held
        ),
        pending=tuple(HeldAccess(item, request) for item, request in standing.open.items()),
        conflicts=conflicts,
        open_requests=standing.requests,
    )
    equal = _equal_request(work, asked, standing.open)
    return request_stream(equal or command.request_id), facts


def _standing(work: UnitOfWork, command: SubmitRequest, items: Collection[str]) -> Standing:
    """Return how it stands with what is asked, and with what excludes it; of the rest of what the target
    has, however much that is, nothing matters."""
    extension = command.extends is not None
    return standing_of(work.rows, command.target, items, command.requester, extension=extension)


def _policies(
    work: UnitOfWork,
    app: KnownApp | None,
    permissions: Iterable[KnownPermission | None],
    proposed: Mapping[str, Policy],
) -> tuple[Policy, ...]:
    of_app = app.record.policy if app else ""
    named = [one.record.policy if one else "" for one in permissions] or [""]
    return tuple(_policy(work, proposed, name, of_app) for name in named)


def _policy(work: UnitOfWork, proposed: Mapping[str, Policy], *names: str) -> Policy:
    for name in names:
        found = proposed.get(name) or (work.recall(POLICIES, policy_by_id, name) if name else None)
        if found is not None:
            return found
    return proposed.get(DEFAULT.policy_id) or work.recall(POLICIES, policy_for)


def _submission_approvers(
    work: UnitOfWork,
    command: SubmitRequest,
    policies: Iterable[Policy],
    app: KnownApp | None,
    target: KnownPerson | None,
) -> Approvers:
    named: set[ApproverRef] = set()
    for one in {each.policy_id: each for each in policies}.values():
        named |= references(one.stages, one.waiting, one.provisioning)
    where = Circumstances(
        target.record if target else None, app.record if app else None, command.now
    )
    return Approvers(
        approvers(work, named, where),
        work.recall(INTEGRATIONS, allowed_integrations, Right.DECIDE, command.app_id),
        work.recall(INTEGRATIONS, allowed_integrations, Right.FULFIL, command.app_id),
    )


def _equal_request(
    work: UnitOfWork, asked: tuple[str, ...], open_ones: dict[str, RequestId]
) -> RequestId | None:
    """Return the open request that asks for exactly this, if there is one."""
    found = {open_ones.get(item) for item in asked}
    if len(found) != 1:
        return None
    request_id = found.pop()
    if request_id is None:
        return None
    _, state = work.state_of(access_request.DECIDER, request_stream(request_id))
    equal = isinstance(state, Request) and set(state.submission.item_ids) == set(asked)
    return request_id if equal else None


def action_facts(work: UnitOfWork, command: ActionCommand) -> tuple[StreamId, ActionFacts]:
    """Return who acts, and whom the routes of the request mean now."""
    stream = request_stream(command.request_id)
    version, state = work.state_of(access_request.DECIDER, stream)
    by = _author(command)
    facts = ActionFacts(
        by=known_person(work, by) if by else None,
        version=version,
        approvers=_approvers(work, state, command) if isinstance(state, Request) else NOTHING,
        integration_may=_integration_may(work, state, command),
    )
    return stream, facts


def _author(command: ActionCommand) -> PersonId | None:
    match command:
        case Decide():
            return command.decided_by
        case ReportFulfilment():
            return command.reported_by
        case CancelRequest() | RevokeAccess() | CallOffRemoval() | CommentOnRequest() | Reassign():
            return command.by
        case _:
            return None


def _approvers(work: UnitOfWork, state: Request, command: ActionCommand) -> Approvers:
    if isinstance(command, NoteRefusedDecision | ExtendAccess):
        return NOTHING
    named = {
        ref
        for route in state.routes
        for ref in references(route.stages, route.waiting, route.provisioning)
    }
    named |= {person_ref(one) for item in state.items for one in item.assigned or ()}
    if isinstance(command, Reassign):
        named |= {person_ref(one) for one in command.approvers}
    submission = state.submission
    target = known_person(work, submission.target)
    app_id = submission.app.app_id
    app = known_app(work, app_id)
    where = Circumstances(
        target.record if target else None, app.record if app else None, command.now
    )
    return Approvers(
        approvers(work, named, where),
        work.recall(INTEGRATIONS, allowed_integrations, Right.DECIDE, app_id),
        work.recall(INTEGRATIONS, allowed_integrations, Right.FULFIL, app_id),
    )


def _integration_may(
    work: UnitOfWork, state: access_request.AccessRequest, command: ActionCommand
) -> bool:
    if not isinstance(command, Decide | ReportFulfilment) or not isinstance(state, Request):
        return False
    right = Right.DECIDE if isinstance(command, Decide) else Right.FULFIL
    return command.submitted_by in work.recall(
        INTEGRATIONS, allowed_integrations, right, state.submission.app.app_id
    )
