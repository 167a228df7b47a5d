"""Which part a person has in a request, and so what its page shows him and offers."""

from __future__ import annotations

from dataclasses import dataclass

from domain.access_request import (
    CANCELLABLE,
    DEPROVISIONING,
    HELD,
    Item,
    Request,
    Status,
)
from domain.person import Role
from domain.ports import Rows
from projections.access_requests import RequestRow
from projections.inbox import was_asked
from projections.people import PersonRow
from projections.request_history import has_acted
from server.pages.frame import OVERSEERS


def may_see(rows: Rows, row: RequestRow, person: PersonRow) -> bool:
    """Say whether the request is there for this person: he asked, it is for him, he was asked to
    decide or to grant, or he oversees all."""
    return (
        person.person_id in (row.requester, row.target)
        or bool(OVERSEERS & set(person.roles))
        or was_asked(rows, row.request_id, person.person_id)
        or has_acted(rows, row.request_id, person.person_id)
    )


@dataclass(frozen=True, slots=True)
class Part:
    """What a person may do now: decide on these items, say how work on these went, and so on."""

    decide: tuple[Item, ...]
    work: tuple[Item, ...]
    cancel: bool
    revoke: bool
    call_off: bool
    reassign: bool
    review: bool
    comment: bool


def part_of(request: Request, person: PersonRow, *, reviews: bool) -> Part:
    """Return what this person may do; `reviews` says that a review waits for him."""
    me = person.person_id
    concerned = me in (request.submission.requester, request.submission.target)
    administrator = Role.ADMINISTRATOR in person.roles
    waiting = [item for item in request.items if item.waits]
    decide = tuple(
        item
        for item in waiting
        if not concerned and me in item.approvers and me not in item.voters
    )
    work = tuple(
        item
        for item in request.items
        if item.task is not None
        and item.task.integration is None
        and (me in item.task.assignees or administrator)
    )
    going = request.among(DEPROVISIONING - {Status.REVERTING})
    acts = concerned or administrator
    extension = request.submission.extends is not None
    return Part(
        decide=decide,
        work=work,
        cancel=acts and bool(request.among(CANCELLABLE)),
        revoke=acts and not extension and bool(request.among(HELD)),
        call_off=administrator and not concerned and bool(going),
        reassign=not concerned and bool(waiting) and (administrator or bool(decide)),
        review=reviews,
        comment=not request.closed and Role.AUDITOR not in person.roles,
    )
