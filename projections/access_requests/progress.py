"""What each event changes in the rows of a request and its items, and what all together leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from domain.access_request import (
    AccessCompleted,
    AccessExtended,
    AccessRevoked,
    ApproversChanged,
    ApproversReminded,
    CommentAdded,
    DecisionRefused,
    DecisionTaken,
    Deprovisioned,
    DeprovisioningFailed,
    DeprovisioningStarted,
    Provisioned,
    ProvisioningDenied,
    ProvisioningFailed,
    ProvisioningStarted,
    RemovalCalledOff,
    RequestApproved,
    RequestCancelled,
    RequestClosed,
    RequestDenied,
    RequestEscalated,
    RequestExpired,
    RequestRouted,
    RequestSubmitted,
    StageApproved,
    StageStarted,
    Status,
    Verdict,
    integration_voter,
)
from domain.envelope import Recorded
from domain.person import PersonForgotten
from domain.policy import StageKind
from domain.ports import Rows, Value
from domain.values import PermissionId
from projections.access_requests.drafts import NOBODY, Changes, Draft, save
from projections.access_requests.ending import keep_reason
from projections.access_requests.forgetting import forgotten
from projections.access_requests.fulfilment import (
    called_off,
    deprovisioned,
    extended,
    ordered,
    provisioned,
    provisioning_denied,
    removal_failed,
)
from projections.access_requests.tables import SCHEMA
from projections.columns import instant, json_text, maybe_instant, text_list
from projections.projection import Projection, alone

Change = Callable[[Draft, Any], None]


def _submitted(draft: Draft, recorded: Recorded, event: RequestSubmitted) -> None:
    at = instant(recorded.envelope.recorded_at)
    draft.begin(
        _items(event),
        requester=event.requester,
        target=event.target,
        app_id=event.app.app_id,
        app_name=event.app.name,
        permissions_json=_permissions(event),
        status=Status.PENDING,
        justification=event.justification.text if event.justification else None,
        access_seconds=event.access_seconds,
        starts_at=maybe_instant(event.starts_at),
        requested_at=at,
        updated_at=at,
        expires_at=None,
        answers_json=_answers(event),
        extends=event.extends,
        emergency=int(event.emergency),
        policy_id=event.rule.policy_id,
        policy_version=event.rule.version,
        closed_reason=None,
        closed_reason_of=None,
        **_way_in(recorded),
    )


def _way_in(recorded: Recorded) -> dict[str, Value]:
    actor = recorded.envelope.actor
    return {
        "version": recorded.envelope.version,
        "client_id": actor.client.client_id if actor.client else None,
        "client_name": actor.client.name if actor.client else None,
        "consent_id": actor.authorization,
        "via": actor.via,
    }


def _permissions(event: RequestSubmitted) -> str:
    return json_text([[one.permission_id, one.label, one.version] for one in event.permissions])


def _answers(event: RequestSubmitted) -> str:
    return json_text([[one.field_id, one.prompt, one.response.text] for one in event.answers])


def _items(event: RequestSubmitted) -> list[dict[str, Value]]:
    labels = {one.permission_id: one.label for one in event.permissions}
    return [
        {
            "request_id": event.request_id,
            "item_id": item_id,
            "place": place,
            "label": labels.get(PermissionId(item_id), event.app.name),
            "status": Status.PENDING,
            "access_seconds": event.access_seconds,
            "expires_at": None,
            "stage_name": "",
            "waiting_json": "[]",
            "attempt": 0,
            "handed_over": 0,
        }
        for place, item_id in enumerate(event.item_ids)
    ]


def _to(status: Status) -> Change:
    """Return what lets an event's items reach a status, where nobody is waited for."""

    def change(draft: Draft, event: Any) -> None:
        items = event.items if hasattr(event, "items") else (event.item_id,)
        draft.change(items, {"status": status, **NOBODY})

    return change


def _noted(_draft: Draft, _event: Any) -> None:
    """The request changed, and its items stay as they are."""


def _stage_started(draft: Draft, event: StageStarted) -> None:
    manager = event.kind is StageKind.MANAGER
    changes: Changes = {
        "status": Status.PENDING_MANAGER_APPROVAL if manager else Status.PENDING_APPROVAL,
        "stage_name": event.name,
        "waiting_json": _waiting(event),
    }
    draft.change(event.items, changes)


def _waiting(event: StageStarted | ApproversChanged) -> str:
    return json_text([*event.approvers, *map(integration_voter, event.integrations)])


def _decision_taken(draft: Draft, event: DecisionTaken) -> None:
    if event.verdict is Verdict.DENY:
        return
    voter = event.decided_by or integration_voter(event.submitted_by or "")
    for item_id in event.items:
        waiting = text_list(draft.value(item_id, "waiting_json") or "[]")
        left = [one for one in waiting if one != voter]
        changes: dict[str, Value] = {"waiting_json": json_text(left)}
        if event.access_seconds is not None:
            changes["access_seconds"] = event.access_seconds
        draft.change((item_id,), changes)


def _stage_approved(draft: Draft, event: StageApproved) -> None:
    if event.kind is StageKind.MANAGER:
        changes = {"status": Status.MANAGER_APPROVED, **NOBODY}
        draft.change(event.items, changes)


def _denied(draft: Draft, event: RequestDenied) -> None:
    status = Status.MANAGER_DENIED if event.by_manager else Status.DENIED
    draft.change(event.items, {"status": status, **NOBODY})
    keep_reason(draft, event)


def _cancelled(draft: Draft, event: RequestCancelled) -> None:
    items = event.items or event.snapshot.item_ids
    draft.change(items, {"status": Status.CANCELLED, **NOBODY})
    keep_reason(draft, event)


def _approvers(draft: Draft, event: ApproversChanged) -> None:
    draft.change(event.items, {"waiting_json": _waiting(event)})


def _escalated(draft: Draft, event: RequestEscalated) -> None:
    for item_id in event.items:
        waiting = text_list(draft.value(item_id, "waiting_json") or "[]")
        others = [one for one in waiting if one.startswith(integration_voter(""))]
        draft.change((item_id,), {"waiting_json": json_text([*event.approvers, *others])})


_CHANGES: Mapping[type, Change] = {
    RequestRouted: _noted,
    StageStarted: _stage_started,
    DecisionTaken: _decision_taken,
    DecisionRefused: _noted,
    StageApproved: _stage_approved,
    RequestApproved: _to(Status.APPROVED),
    RequestDenied: _denied,
    RequestExpired: _to(Status.EXPIRED),
    RequestCancelled: _cancelled,
    ApproversChanged: _approvers,
    ApproversReminded: _noted,
    RequestEscalated: _escalated,
    CommentAdded: _noted,
    RequestClosed: _noted,
    ProvisioningStarted: ordered,
    Provisioned: provisioned,
    ProvisioningFailed: _noted,
    ProvisioningDenied: provisioning_denied,
    AccessCompleted: _to(Status.COMPLETED),
    AccessExtended: extended,
    AccessRevoked: keep_reason,
    DeprovisioningStarted: ordered,
    DeprovisioningFailed: removal_failed,
    Deprovisioned: deprovisioned,
    RemovalCalledOff: called_off,
}


def _together(rows: Rows, events: Sequence[Recorded]) -> None:
    drafts: dict[str, Draft] = {}
    for recorded in events:
        event: Any = recorded.envelope.event
        if isinstance(event, PersonForgotten):
            save(rows, drafts.values())
            drafts.clear()
            forgotten(rows, event)
            continue
        draft = drafts.get(event.request_id)
        if draft is None:
            draft = drafts[event.request_id] = Draft(rows, event.request_id)
        if isinstance(event, RequestSubmitted):
            _submitted(draft, recorded, event)
        else:
            _CHANGES[type(event)](draft, event)
            draft.columns["updated_at"] = instant(recorded.envelope.recorded_at)
            draft.columns["version"] = recorded.envelope.version
    save(rows, drafts.values())


PROJECTION = Projection(
    name="access_requests",
    keyed=True,
    tables=("access_request", "access_request_part", "access_request_item"),
    schema=SCHEMA,
    handlers=alone(_together, (RequestSubmitted, *_CHANGES, PersonForgotten)),
    together=_together,
)
