"""What those who have a part in a request do besides deciding: say something, and hand the decision
to others; and what a change of the directory does to those who may decide."""

from __future__ import annotations

from collections.abc import Sequence

from domain.access_request.commands import CommentOnRequest, Reassign, ReviseApprovers
from domain.access_request.decisions import REASON_LIMIT
from domain.access_request.evolve import RequestEvent
from domain.access_request.facts import ActionFacts, Approvers
from domain.access_request.guards import (
    acting,
    concerns,
    is_administrator,
    sitting,
)
from domain.access_request.routing import eligible, people_for
from domain.access_request.state import AccessRequest, Item, Request
from domain.access_request.unfolding import Unfolding, grouped, ids
from domain.access_request.waiting_events import (
    ApproversChanged,
    CommentAdded,
)
from domain.errors import (
    AlreadyClosed,
    AlreadyDecided,
    InputMissing,
    NotAnApprover,
    SelfApproval,
    TooMany,
    UnknownPerson,
    UnknownRequest,
)
from domain.policy import ApproverKind, ApproverRef
from domain.values import Personal, PersonId, clean_text
from domain.versions import check_version

COMMENT_LIMIT = 2_000
MOST_COMMENTS = 200
MOST_ASSIGNED = 20


def comment(
    state: AccessRequest, command: CommentOnRequest, facts: ActionFacts
) -> Sequence[RequestEvent]:
    """Let a participant say something."""
    request = sitting(state, command.request_id)
    person = acting(facts.by, command.by)
    if not takes_part(request, command.by) and not is_administrator(person):
        raise UnknownRequest(command.request_id)
    if request.closed:
        raise AlreadyClosed(request.status)
    if request.comments >= MOST_COMMENTS:
        raise TooMany("comments", MOST_COMMENTS)
    text = clean_text("comment", command.text, limit=COMMENT_LIMIT)
    if not text:
        raise InputMissing(("comment",))
    app_id = request.submission.app.app_id
    words = Personal(command.by, text)
    return [CommentAdded(command.request_id, app_id, command.by, words)]


def takes_part(request: Request, person_id: PersonId) -> bool:
    """Say whether the person asked, is asked for, decides, has decided, or grants."""
    return concerns(request, person_id) or any(
        person_id in item.approvers
        or person_id in item.voters
        or (item.task is not None and person_id in item.task.assignees)
        for item in request.items
    )


def reassign(
    state: AccessRequest, command: Reassign, facts: ActionFacts
) -> Sequence[RequestEvent]:
    """Let others decide at the stage at hand: an administrator may say so, and who decides now."""
    request = sitting(state, command.request_id)
    person = acting(facts.by, command.by)
    if concerns(request, command.by):
        raise SelfApproval
    waiting = [item for item in request.items if item.waits]
    if not waiting:
        raise AlreadyDecided("The request")
    mine = [item for item in waiting if command.by in item.approvers]
    if not is_administrator(person) and not mine:
        raise NotAnApprover
    check_version(command.expected_version, facts.version)
    _check_assigned(request, command, facts.approvers)
    unfolding = Unfolding(request, facts.approvers, None)
    chosen = waiting if is_administrator(person) else mine
    for _, members in grouped(chosen, lambda item: item.stage):
        unfolding.add(_reassigned(request, members, command))
    return unfolding.events


def _reassigned(request: Request, items: Sequence[Item], command: Reassign) -> ApproversChanged:
    able = set(command.approvers) - {voter for item in items for voter in item.voters}
    if len(able) + min(len(item.integrations) for item in items) < items[0].needed:
        raise InputMissing(("approvers",))
    reason = clean_text("reason", command.reason or "", limit=REASON_LIMIT)
    return ApproversChanged(
        request_id=command.request_id,
        app_id=request.submission.app.app_id,
        items=ids(items),
        stage=items[0].stage,
        approvers=tuple(PersonId(one) for one in sorted(able)),
        integrations=items[0].integrations,
        by=command.by,
        reason=Personal(command.by, reason) if reason else None,
    )


def _check_assigned(request: Request, command: Reassign, known: Approvers) -> None:
    if not command.approvers:
        raise InputMissing(("approvers",))
    if len(command.approvers) > MOST_ASSIGNED:
        raise TooMany("approvers", MOST_ASSIGNED)
    for person_id in command.approvers:
        if concerns(request, person_id):
            raise SelfApproval
        if not known.people.get(person_ref(person_id)):
            raise UnknownPerson(person_id)


def person_ref(person_id: PersonId) -> ApproverRef:
    """Return how a person is named among approvers."""
    return ApproverRef(ApproverKind.PERSON, person_id)


def revise(
    state: AccessRequest, _command: ReviseApprovers, facts: ActionFacts
) -> Sequence[RequestEvent]:
    """Look up anew who may decide on what waits."""
    if not isinstance(state, Request):
        return []
    unfolding = Unfolding(state, facts.approvers, None)
    waiting = [item for item in state.items if item.waits and item.stage_name]
    changed = [item for item in waiting if _now(state, item, facts.approvers) != _before(item)]
    for (stage, people, integrations), members in grouped(
        changed, lambda item: (item.stage, *_now(state, item, facts.approvers))
    ):
        unfolding.add(
            ApproversChanged(
                request_id=unfolding.request_id,
                app_id=unfolding.app_id,
                items=ids(members),
                stage=stage,
                approvers=people,
                integrations=integrations,
                by=None,
                reason=None,
            )
        )
    return unfolding.events


def _before(item: Item) -> tuple[tuple[PersonId, ...], tuple[str, ...]]:
    return item.approvers, item.integrations


def _now(
    request: Request, item: Item, known: Approvers
) -> tuple[tuple[PersonId, ...], tuple[str, ...]]:
    route = request.route_of(item)
    people, integrations, _ = eligible(request, item, route.stages[item.stage], known)
    if item.assigned is not None:
        people = people_for(request, item, map(person_ref, item.assigned), known) or people
    if item.escalated:
        more = people_for(request, item, route.waiting.escalate_to, known)
        people = tuple(sorted({*people, *more}))
    return people, integrations
