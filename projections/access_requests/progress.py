"""What each event changes in the rows of a request and its items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.access_request import (
    HELD,
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
    overall,
)
from domain.envelope import Recorded
from domain.person import PersonForgotten
from domain.policy import StageKind
from domain.ports import Rows, Value
from domain.values import PermissionId
from projections.access_requests.changes import NOBODY, Changes, change_items, keep_reason
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
from projections.access_requests.tables import COLUMNS, SCHEMA
from projections.columns import instant, json_text, maybe_instant, text_list
from projections.projection import Handler, Projection

_MARKS = ", ".join("?" * len(COLUMNS.split(",")))


def _submitted(rows: Rows, recorded: Recorded, event: RequestSubmitted) -> None:
    values = (*_asked(event, instant(recorded.envelope.recorded_at)), *_way_in(recorded))
    rows.execute(f"INSERT INTO access_request ({COLUMNS}) VALUES ({_MARKS})", values)
    _insert_items(rows, event)


def _asked(event: RequestSubmitted, at: str) -> tuple[Value, ...]:
    return (
        event.request_id,
        event.requester,
        event.target,
        event.app.app_id,
        event.app.name,
        _permissions(event),
        Status.PENDING,
        event.justification.text if event.justification else None,
        event.access_seconds,
        maybe_instant(event.starts_at),
        at,
        at,
        None,
        _answers(event),
        event.extends,
        int(event.emergency),
        event.rule.policy_id,
        event.rule.version,
        None,
    )


def _way_in(recorded: Recorded) -> tuple[Value, ...]:
    actor = recorded.envelope.actor
    client_id, name = (actor.client.client_id, actor.client.name) if actor.client else (None, None)
    return recorded.envelope.version, client_id, name, actor.authorization, actor.via


def _permissions(event: RequestSubmitted) -> str:
    return json_text([[one.permission_id, one.label, one.version] for one in event.permissions])


def _answers(event: RequestSubmitted) -> str:
    return json_text([[one.field_id, one.prompt, one.response.text] for one in event.answers])


def _insert_items(rows: Rows, event: RequestSubmitted) -> None:
    labels = {one.permission_id: one.label for one in event.permissions}
    for place, item_id in enumerate(event.item_ids):
        label = labels.get(PermissionId(item_id), event.app.name)
        rows.execute(
            "INSERT INTO access_request_item (request_id, item_id, place, label, status, "
            "access_seconds, expires_at, stage_name, waiting_json, attempt, handed_over) "
            "VALUES (?, ?, ?, ?, ?, ?, NULL, '', '[]', 0, 0)",
            (event.request_id, item_id, place, label, Status.PENDING, event.access_seconds),
        )


def _touch(rows: Rows, recorded: Recorded, request_id: str) -> None:
    """Let the request follow from its items, and say that it changed."""
    items = rows.select(
        "SELECT status, expires_at FROM access_request_item WHERE request_id = ?", (request_id,)
    )
    held = [str(at) for status, at in items if at is not None and status in HELD]
    rows.execute(
        "UPDATE access_request SET status = ?, expires_at = ?, updated_at = ?, version = ? "
        "WHERE request_id = ?",
        (
            overall(Status(str(status)) for status, _ in items),
            min(held, default=None),
            instant(recorded.envelope.recorded_at),
            recorded.envelope.version,
            request_id,
        ),
    )


def _touched(change: Callable[[Rows, Any], None]) -> Handler:
    """Return the handler that changes items as `change` does, and then the request."""

    def handle(rows: Rows, recorded: Recorded, event: Any) -> None:
        change(rows, event)
        _touch(rows, recorded, event.request_id)

    return handle


def _to(status: Status) -> Handler:
    """Return the handler that lets an event's items reach a status, where nobody is waited for."""

    def change(rows: Rows, event: Any) -> None:
        items = event.items if hasattr(event, "items") else (event.item_id,)
        change_items(rows, event.request_id, items, {"status": status, **NOBODY})

    return _touched(change)


def _noted(rows: Rows, recorded: Recorded, event: Any) -> None:
    """Say that the request changed, where its items stay as they are."""
    rows.execute(
        "UPDATE access_request SET updated_at = ?, version = ? WHERE request_id = ?",
        (instant(recorded.envelope.recorded_at), recorded.envelope.version, event.request_id),
    )


def _stage_started(rows: Rows, event: StageStarted) -> None:
    manager = event.kind is StageKind.MANAGER
    changes: Changes = {
        "status": Status.PENDING_MANAGER_APPROVAL if manager else Status.PENDING_APPROVAL,
        "stage_name": event.name,
        "waiting_json": _waiting(event),
    }
    change_items(rows, event.request_id, event.items, changes)


def _waiting(event: StageStarted | ApproversChanged) -> str:
    return json_text([*event.approvers, *map(integration_voter, event.integrations)])


def _decision_taken(rows: Rows, event: DecisionTaken) -> None:
    if event.verdict is Verdict.DENY:
        return
    voter = event.decided_by or integration_voter(event.submitted_by or "")
    for item_id in event.items:
        found = rows.select(
            "SELECT waiting_json FROM access_request_item WHERE request_id = ? AND item_id = ?",
            (event.request_id, item_id),
        )
        left = [one for one in text_list(found[0][0]) if one != voter]
        changes: dict[str, Value] = {"waiting_json": json_text(left)}
        if event.access_seconds is not None:
            changes["access_seconds"] = event.access_seconds
        change_items(rows, event.request_id, (item_id,), changes)


def _stage_approved(rows: Rows, event: StageApproved) -> None:
    if event.kind is StageKind.MANAGER:
        changes = {"status": Status.MANAGER_APPROVED, **NOBODY}
        change_items(rows, event.request_id, event.items, changes)


def _denied(rows: Rows, event: RequestDenied) -> None:
    status = Status.MANAGER_DENIED if event.by_manager else Status.DENIED
    change_items(rows, event.request_id, event.items, {"status": status, **NOBODY})
    keep_reason(rows, event)


def _cancelled(rows: Rows, event: RequestCancelled) -> None:
    items = event.items or event.snapshot.item_ids
    change_items(rows, event.request_id, items, {"status": Status.CANCELLED, **NOBODY})
    keep_reason(rows, event)


def _approvers(rows: Rows, event: ApproversChanged) -> None:
    change_items(rows, event.request_id, event.items, {"waiting_json": _waiting(event)})


def _escalated(rows: Rows, event: RequestEscalated) -> None:
    for item_id in event.items:
        found = rows.select(
            "SELECT waiting_json FROM access_request_item WHERE request_id = ? AND item_id = ?",
            (event.request_id, item_id),
        )
        others = [one for one in text_list(found[0][0]) if one.startswith(integration_voter(""))]
        waiting = json_text([*event.approvers, *others])
        change_items(rows, event.request_id, (item_id,), {"waiting_json": waiting})


PROJECTION = Projection(
    name="access_requests",
    keyed=True,
    tables=("access_request", "access_request_item"),
    schema=SCHEMA,
    handlers={
        RequestSubmitted: _submitted,
        RequestRouted: _noted,
        StageStarted: _touched(_stage_started),
        DecisionTaken: _touched(_decision_taken),
        DecisionRefused: _noted,
        StageApproved: _touched(_stage_approved),
        RequestApproved: _to(Status.APPROVED),
        RequestDenied: _touched(_denied),
        RequestExpired: _to(Status.EXPIRED),
        RequestCancelled: _touched(_cancelled),
        ApproversChanged: _touched(_approvers),
        ApproversReminded: _noted,
        RequestEscalated: _touched(_escalated),
        CommentAdded: _noted,
        RequestClosed: _noted,
        ProvisioningStarted: _touched(ordered),
        Provisioned: _touched(provisioned),
        ProvisioningFailed: _noted,
        ProvisioningDenied: _touched(provisioning_denied),
        AccessCompleted: _to(Status.COMPLETED),
        AccessExtended: _touched(extended),
        AccessRevoked: _touched(keep_reason),
        DeprovisioningStarted: _touched(ordered),
        DeprovisioningFailed: _touched(removal_failed),
        Deprovisioned: _touched(deprovisioned),
        RemovalCalledOff: _touched(called_off),
        PersonForgotten: forgotten,
    },
)
