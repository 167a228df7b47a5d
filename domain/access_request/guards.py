"""What is asked before any change to a request: that there is one, and whether the same was said before."""

from __future__ import annotations

from domain.access_request.facts import KnownPerson
from domain.access_request.state import AccessRequest, Request
from domain.errors import IdempotencyKeyReused, PersonDisabled, UnknownRequest
from domain.person import Role
from domain.values import PersonId, RequestId


def sitting(state: AccessRequest, request_id: RequestId) -> Request:
    """Return the request; raises `UnknownRequest`."""
    if not isinstance(state, Request):
        raise UnknownRequest(request_id)
    return state


def known_answer(request: Request, answer_id: str, digest: str) -> bool:
    """Say whether this decision or report was taken before; raises `IdempotencyKeyReused` if
    another had its id."""
    known = request.answered.get(answer_id)
    if known is not None and known != digest:
        raise IdempotencyKeyReused(answer_id)
    return known is not None


def acting(person: KnownPerson | None, person_id: PersonId) -> KnownPerson:
    """Return the person who acts; raises `PersonDisabled`."""
    if person is None or person.record.disabled:
        raise PersonDisabled(person_id)
    return person


def is_administrator(person: KnownPerson) -> bool:
    """Say whether the person administers Doorward."""
    return Role.ADMINISTRATOR in person.record.roles


def concerns(request: Request, person_id: PersonId) -> bool:
    """Say whether the person made the request or is the one it is for."""
    return person_id in (request.submission.requester, request.submission.target)
