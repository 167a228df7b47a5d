"""How events fold into the state of a request. Nothing is judged here: what is in an event has
happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from domain.access_request.commands import ItemId, Verdict
from domain.access_request.events import (
    DecisionRefused,
    DecisionTaken,
    RequestApproved,
    RequestCancelled,
    RequestClosed,
    RequestDenied,
    RequestExpired,
    RequestRouted,
    RequestSubmitted,
    StageApproved,
    StageStarted,
)
from domain.access_request.fulfilment_events import (
    AccessCompleted,
    AccessExtended,
    AccessRevoked,
    Deprovisioned,
    DeprovisioningFailed,
    DeprovisioningStarted,
    Ending,
    FulfilmentEvent,
    Provisioned,
    ProvisioningDenied,
    ProvisioningFailed,
    ProvisioningStarted,
    RemovalCalledOff,
)
from domain.access_request.state import AccessRequest, Item, Request, integration_voter
from domain.access_request.status import Status
from domain.access_request.waiting_events import (
    ApproversChanged,
    ApproversReminded,
    CommentAdded,
    RequestEscalated,
)
from domain.changing import changed
from domain.policy import StageKind

ApprovalEvent = (
    StageStarted
    | DecisionTaken
    | StageApproved
    | RequestApproved
    | RequestDenied
    | RequestExpired
    | RequestCancelled
    | ApproversChanged
    | ApproversReminded
    | RequestEscalated
)
ReportedEvent = (
    Provisioned | ProvisioningFailed | ProvisioningDenied | DeprovisioningFailed | Deprovisioned
)
RequestEvent = (
    RequestSubmitted
    | RequestRouted
    | ApprovalEvent
    | DecisionRefused
    | CommentAdded
    | RequestClosed
    | FulfilmentEvent
)
Change = Callable[[Item], Item]


def evolve(state: AccessRequest, event: RequestEvent) -> AccessRequest:
    """Fold one request event."""
    if isinstance(event, RequestSubmitted):
        pending = (Item(item, Status.PENDING, event.access_seconds) for item in event.item_ids)
        return Request(event, tuple(pending))
    if not isinstance(state, Request):
        # Only damage to the log could lead here; a request cannot begin in the middle.
        return state
    if isinstance(event, FulfilmentEvent):
        return _fulfilled(state, event)
    if isinstance(event, ApprovalEvent):
        return _decided(state, event)
    return _noted(state, event)


def _noted(
    state: Request, event: RequestRouted | DecisionRefused | CommentAdded | RequestClosed
) -> Request:
    match event:
        case RequestRouted():
            return _routed(state, event)
        case DecisionRefused():
            return changed(state, refusals=state.refusals + 1)
        case CommentAdded():
            return changed(state, comments=state.comments + 1)
        case RequestClosed():
            return changed(state, closed=True)
        case _ as never:
            assert_never(never)


def _decided(state: Request, event: ApprovalEvent) -> Request:  # noqa: PLR0911 - one line a kind
    match event:
        case StageStarted():
            return _each(state, event.items, lambda item: _at_stage(item, event))
        case DecisionTaken():
            return _taken(state, event)
        case StageApproved():
            passed = Status.MANAGER_APPROVED if event.kind is StageKind.MANAGER else None
            return _each(state, event.items, lambda item: _to(item, passed or item.status))
        case RequestApproved():
            return _each(state, event.items, lambda item: _to(item, Status.APPROVED))
        case RequestDenied():
            denied = Status.MANAGER_DENIED if event.by_manager else Status.DENIED
            return _each(state, event.items, lambda item: _to(item, denied))
        case RequestExpired():
            return _each(state, event.items, lambda item: _to(item, Status.EXPIRED))
        case RequestCancelled():
            items = event.items or state.submission.item_ids
            return _each(state, items, lambda item: _to(item, Status.CANCELLED))
        case ApproversChanged() | ApproversReminded() | RequestEscalated():
            return _each(state, event.items, lambda item: _waiting(item, event))
        case _ as never:
            assert_never(never)


def _routed(state: Request, event: RequestRouted) -> Request:
    places = {item: place for place, route in enumerate(event.routes) for item in route.items}
    routed = changed(state, routes=event.routes, pending_until=event.pending_until)
    return _each(routed, tuple(places), lambda item: changed(item, route=places[item.item_id]))


def _at_stage(item: Item, event: StageStarted) -> Item:
    manager = event.kind is StageKind.MANAGER
    return changed(
        item,
        status=Status.PENDING_MANAGER_APPROVAL if manager else Status.PENDING_APPROVAL,
        stage=event.stage,
        stage_name=event.name,
        needed=event.needed,
        approvers=event.approvers,
        integrations=event.integrations,
        approved=frozenset(),
        assigned=None,
        escalated=False,
        remind_at=event.remind_at,
        escalate_at=event.escalate_at,
    )


def _taken(state: Request, event: DecisionTaken) -> Request:
    known = changed(state, answered={**state.answered, event.decision_id: event.content_hash})
    if event.verdict is Verdict.DENY:
        return known
    voter = event.decided_by or integration_voter(event.submitted_by or "")

    def counted(item: Item) -> Item:
        return changed(
            item,
            approved=item.approved | {voter},
            voters=item.voters | {voter},
            access_seconds=event.access_seconds or item.access_seconds,
        )

    return _each(known, event.items, counted)


def _waiting(item: Item, event: ApproversChanged | ApproversReminded | RequestEscalated) -> Item:
    match event:
        case ApproversChanged(approvers=people, integrations=integrations, by=by):
            assigned = item.assigned if by is None else people
            return changed(item, approvers=people, integrations=integrations, assigned=assigned)
        case ApproversReminded(remind_at=remind_at):
            return changed(item, remind_at=remind_at)
        case RequestEscalated(approvers=people):
            return changed(item, approvers=people, escalated=True, escalate_at=None)
        case _ as never:
            assert_never(never)


def _fulfilled(state: Request, event: FulfilmentEvent) -> Request:
    match event:
        case AccessCompleted():
            return _each(state, event.items, lambda item: _to(item, Status.COMPLETED))
        case RemovalCalledOff():
            kept = Status.TIME_BASED_EXPIRED_CANCELLED
            return _each(state, event.items, lambda item: _to(item, kept, expires_at=None))
        case AccessRevoked():
            return state
        case AccessExtended() | ProvisioningStarted() | DeprovisioningStarted():
            return _each(state, (event.item_id,), lambda item: _worked_on(item, event))
        case _:
            known = _known(state, event.report_id, event.content_hash)
            return _each(known, (event.item_id,), lambda item: _reported(item, event))


def _worked_on(
    item: Item, event: AccessExtended | ProvisioningStarted | DeprovisioningStarted
) -> Item:
    if isinstance(event, AccessExtended):
        return changed(item, expires_at=event.expires_at)
    return _ordered(item, event)


def _reported(item: Item, event: ReportedEvent) -> Item:
    match event:
        case Provisioned(expires_at=expires_at):
            return _to(item, Status.PROVISIONED, expires_at=expires_at)
        case ProvisioningDenied():
            return _to(item, Status.DENIED_PROVISIONING)
        case Deprovisioned(ending=ending):
            expired = ending is Ending.EXPIRY
            return _to(item, Status.TIME_BASED_EXPIRED if expired else Status.REVERTED)
        case ProvisioningFailed() | DeprovisioningFailed():
            return _failed(item, event)
        case _ as never:
            assert_never(never)


def _ordered(item: Item, event: ProvisioningStarted | DeprovisioningStarted) -> Item:
    manual = event.task.integration is None
    match event:
        case ProvisioningStarted():
            by_hand = Status.PENDING_MANUAL_PROVISIONING
            status = by_hand if manual else Status.PENDING_PROVISIONING
            return changed(item, status=status, task=event.task, retry_at=None)
        case DeprovisioningStarted(ending=ending):
            by_hand = Status.PENDING_MANUAL_DEPROVISIONING
            status = by_hand if manual else Status.PENDING_DEPROVISIONING
            if ending is Ending.REVERSAL:
                status = Status.REVERTING
            return changed(item, status=status, task=event.task, retry_at=None, ending=ending)
        case _ as never:
            assert_never(never)


def _failed(item: Item, event: ProvisioningFailed | DeprovisioningFailed) -> Item:
    expired = isinstance(event, DeprovisioningFailed) and item.ending is Ending.EXPIRY
    status = Status.TIME_BASED_EXPIRED_FAILED if expired else item.status
    return changed(item, status=status, retry_at=event.retry_at)


def _to(item: Item, status: Status, **changes: object) -> Item:
    """Move on; what belonged to the step before is left behind."""
    over = {"remind_at": None, "escalate_at": None, "retry_at": None, "task": None, **changes}
    return changed(item, status=status, **over)  # type: ignore[arg-type]


def _known(state: Request, report_id: str | None, digest: str) -> Request:
    if report_id is None:
        return state
    return changed(state, answered={**state.answered, report_id: digest})


def _each(state: Request, items: tuple[ItemId, ...], change: Change) -> Request:
    chosen = frozenset(items)
    others = [change(one) if one.item_id in chosen else one for one in state.items]
    return changed(state, items=tuple(others))
