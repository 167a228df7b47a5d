"""Whether a decision rests on text about people that is gone. The rules ask for little of it: the user names by
which policies and apps name approvers, the attributes that approve without asking, the answers in a form, and
what the directory said of somebody before it said something else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain import access_request
from domain.access_request import (
    ActionCommand,
    Request,
    Route,
    SubmitRequest,
    request_stream,
)
from domain.person import LinkIdentity, PutPerson
from domain.policy import ApproverKind, ApproverRef, references
from domain.ports import Rows
from domain.review import RequireReview
from domain.values import REDACTED, AppId, RequestId
from projections.people import person_by_id, person_by_username
from projections.policies import rotation_by_name
from server.audit.replay.past_work import PastWork
from server.known_facts import known_app, known_person
from server.request_facts import submission_facts


def rests_on_forgotten(work: PastWork, command: object) -> bool:
    """Say whether text that is gone may have decided on a command."""
    match command:
        case PutPerson(record=record):
            texts = (record.username, record.given_name, record.family_name, record.email)
            return REDACTED in {one.text for one in texts}
        case LinkIdentity(subject=subject):
            return subject.text == REDACTED
        case SubmitRequest():
            return _submission(work, command)
        case RequireReview(request_id=request_id):
            return _request(work, request_id)
        case _ if isinstance(command, ActionCommand):
            return _request(work, command.request_id)
        case _:
            return False


def _submission(work: PastWork, command: SubmitRequest) -> bool:
    if any(text == REDACTED for _, text in command.answers):
        return True
    target = known_person(work, command.target)
    attributes = target.record.attributes if target else ()
    _, facts = submission_facts(work, command)
    named: set[ApproverRef] = set()
    for policy in facts.policies:
        if any(rule.attributes for rule in policy.pre_approvals) and any(
            value.text == REDACTED for _, value in attributes
        ):
            return True
        named |= references(policy.stages, policy.waiting, policy.provisioning)
    return _unknown(work, named, command.app_id)


def _request(work: PastWork, request_id: RequestId) -> bool:
    _, state = work.state_of(access_request.DECIDER, request_stream(request_id))
    if not isinstance(state, Request):
        return False
    named = {ref for route in state.routes for ref in _references(route)}
    return _unknown(work, named, state.submission.app.app_id)


def _references(route: Route) -> Iterator[ApproverRef]:
    yield from references(route.stages, route.waiting, route.provisioning)
    if route.review is not None:
        yield from route.review.review_by


def _unknown(work: PastWork, named: Iterable[ApproverRef], app_id: AppId) -> bool:
    """Say whether a name means nobody who is known, while there is somebody whose name is gone."""
    rows = work.rows
    if not rows.select(
        "SELECT 1 FROM person WHERE username = ? AND disabled = 0 LIMIT 1", (REDACTED,)
    ):
        return False
    names = {name for ref in named for name in _names(work, ref, app_id)}
    return any(not _known(rows, name) for name in names)


def _names(work: PastWork, ref: ApproverRef, app_id: AppId) -> Iterable[str]:
    match ref.kind:
        case ApproverKind.PERSON:
            return (ref.name,)
        case ApproverKind.ON_CALL:
            rotation = rotation_by_name(work.rows, ref.name)
            return rotation.members if rotation else ()
        case ApproverKind.OWNER:
            app = known_app(work, app_id)
            return app.record.owners if app else ()
        case _:
            return ()


def _known(rows: Rows, name: str) -> bool:
    return person_by_username(rows, name) is not None or person_by_id(rows, name) is not None
