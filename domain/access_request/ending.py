"""How what was asked or granted ends before its time, or is let stand after all: withdrawal,
revocation, a removal called off; and how it comes to last longer."""

from __future__ import annotations

from collections.abc import Sequence

from domain.access_request.commands import (
    CallOffRemoval,
    CancelRequest,
    ExtendAccess,
    RevokeAccess,
)
from domain.access_request.decisions import REASON_LIMIT
from domain.access_request.events import RequestCancelled
from domain.access_request.evolve import RequestEvent
from domain.access_request.facts import ActionFacts
from domain.access_request.fulfilment_events import (
    AccessCompleted,
    AccessExtended,
    AccessRevoked,
    Ending,
    RemovalCalledOff,
)
from domain.access_request.guards import (
    acting,
    concerns,
    is_administrator,
    sitting,
)
from domain.access_request.provisioning import start_removal
from domain.access_request.state import AccessRequest, Item, Request
from domain.access_request.status import CANCELLABLE, DEPROVISIONING, HELD, PROVISIONING, Status
from domain.access_request.unfolding import Unfolding, ids
from domain.errors import (
    AdministratorsOnly,
    AlreadyClosed,
    InputMissing,
    NotHeld,
    NothingUnderWay,
    SelfApproval,
    UnknownRequest,
)
from domain.values import Personal, PersonId, clean_text
from domain.versions import check_version


def cancel(
    state: AccessRequest, command: CancelRequest, facts: ActionFacts
) -> Sequence[RequestEvent]:
    """Withdraw what is not granted yet. What an integration was already told to grant is taken
    back through it; what people were to grant by hand needs no undoing."""
    request = sitting(state, command.request_id)
    _check_part(request, command.by, facts)
    withdrawn = tuple(
        item
        for item in request.among(CANCELLABLE)
        if command.items is None or item.item_id in command.items
    )
    if not withdrawn:
        raise AlreadyClosed(request.status)
    check_version(command.expected_version, facts.version)
    unfolding = Unfolding(request, facts.approvers, command.now)
    unfolding.add(
        RequestCancelled(
            request_id=command.request_id,
            by=command.by,
            reason=_reason(request, command.by, command.reason),
            snapshot=request.submission,
            items=ids(withdrawn),
        )
    )
    for item in withdrawn:
        if item.status in PROVISIONING and _ordered(item):
            start_removal(unfolding, item, Ending.REVERSAL)
    unfolding.close_if_finished()
    return unfolding.events


def _ordered(item: Item) -> bool:
    """Whether an integration was told to grant it, now or before the work was handed over."""
    return item.task is not None and (item.task.integration is not None or item.task.handed_over)


def revoke(
    state: AccessRequest, command: RevokeAccess, facts: ActionFacts
) -> Sequence[RequestEvent]:
    """End access that is held."""
    request = sitting(state, command.request_id)
    _check_part(request, command.by, facts)
    chosen = _held(request, command.items)
    check_version(command.expected_version, facts.version)
    unfolding = Unfolding(request, facts.approvers, command.now)
    reason = _reason(request, command.by, command.reason)
    unfolding.add(
        AccessRevoked(command.request_id, unfolding.app_id, ids(chosen), command.by, reason)
    )
    for item in chosen:
        start_removal(unfolding, item, Ending.REVOCATION)
    return unfolding.events


def _held(request: Request, wanted: tuple[str, ...] | None) -> tuple[Item, ...]:
    held = () if request.submission.extends else request.among(HELD)
    if wanted is not None:
        for item_id in wanted:
            if item_id not in ids(held):
                raise NotHeld(item_id)
        held = tuple(item for item in held if item.item_id in wanted)
    if not held:
        raise NotHeld("Nothing")
    return held


def call_off_removal(
    state: AccessRequest, command: CallOffRemoval, facts: ActionFacts
) -> Sequence[RequestEvent]:
    """Let access stand that was to be removed. What was withdrawn before it was granted cannot be
    called off: nobody approved that it stand."""
    request = sitting(state, command.request_id)
    person = acting(facts.by, command.by)
    if not is_administrator(person):
        raise AdministratorsOnly
    if concerns(request, command.by):
        raise SelfApproval
    going = request.among(DEPROVISIONING - {Status.REVERTING})
    if not going:
        raise NothingUnderWay("removal", "anything that was held")
    check_version(command.expected_version, facts.version)
    reason = clean_text("reason", command.reason, limit=REASON_LIMIT)
    if not reason:
        raise InputMissing(("reason",))
    words = Personal(command.by, reason)
    app_id = request.submission.app.app_id
    return [RemovalCalledOff(command.request_id, app_id, ids(going), command.by, words)]


def extend(state: AccessRequest, command: ExtendAccess) -> Sequence[RequestEvent]:
    """Let held items last longer. What is no longer held, or lasts longer anyhow, stays as it is:
    the extension was approved of access that stands."""
    request = sitting(state, command.request_id)
    unfolding = Unfolding(request, ActionFacts(None, 0).approvers, None)
    for item in request.among({Status.PROVISIONED}):
        if item.item_id not in command.items or item.expires_at is None:
            continue
        if command.until is not None and command.until <= item.expires_at:
            continue
        unfolding.add(
            AccessExtended(
                command.request_id,
                unfolding.app_id,
                item.item_id,
                command.by_request,
                command.until,
            )
        )
        if command.until is None:
            done = (item.item_id,)
            unfolding.add(AccessCompleted(command.request_id, unfolding.app_id, done))
    return unfolding.events


def _check_part(request: Request, by: PersonId | None, facts: ActionFacts) -> None:
    """The requester, the target and administrators may end; to anybody else there is no such
    request: ids cannot be probed."""
    if by is None:
        return
    person = acting(facts.by, by)
    if not concerns(request, by) and not is_administrator(person):
        raise UnknownRequest(request.submission.request_id)


def _reason(request: Request, by: PersonId | None, text: str | None) -> Personal | None:
    reason = clean_text("reason", text or "", limit=REASON_LIMIT)
    return Personal(by or request.submission.target, reason) if reason else None
