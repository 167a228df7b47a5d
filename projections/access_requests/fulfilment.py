"""What orders and reports change in the rows of an item: granting, lasting, removing."""

from __future__ import annotations

from domain.access_request import (
    AccessExtended,
    Deprovisioned,
    DeprovisioningFailed,
    DeprovisioningStarted,
    Ending,
    Provisioned,
    ProvisioningDenied,
    ProvisioningStarted,
    RemovalCalledOff,
    Status,
    integration_voter,
)
from projections.access_requests.drafts import NOBODY, Changes, Draft
from projections.access_requests.ending import keep_reason
from projections.columns import json_text, maybe_instant

DEPROVISIONING_STATUSES = (Status.PENDING_DEPROVISIONING, Status.PENDING_MANUAL_DEPROVISIONING)


def ordered(draft: Draft, event: ProvisioningStarted | DeprovisioningStarted) -> None:
    """Work on an item was given to an integration or to people."""
    task = event.task
    manual = task.integration is None
    if isinstance(event, ProvisioningStarted):
        by_hand, through = Status.PENDING_MANUAL_PROVISIONING, Status.PENDING_PROVISIONING
    else:
        by_hand, through = Status.PENDING_MANUAL_DEPROVISIONING, Status.PENDING_DEPROVISIONING
    status = by_hand if manual else through
    if isinstance(event, DeprovisioningStarted) and event.ending is Ending.REVERSAL:
        status = Status.REVERTING
    waiting = [integration_voter(task.integration)] if task.integration else [*task.assignees]
    changes: Changes = {
        "status": status,
        "stage_name": "",
        "waiting_json": json_text(waiting),
        "attempt": task.attempt,
        "handed_over": int(task.handed_over),
    }
    draft.change((event.item_id,), changes)


def removal_failed(draft: Draft, event: DeprovisioningFailed) -> None:
    """A removal failed; it is that of access whose time is over, or its status stays."""
    if draft.value(event.item_id, "status") in DEPROVISIONING_STATUSES:
        draft.change((event.item_id,), {"status": Status.TIME_BASED_EXPIRED_FAILED})


def provisioned(draft: Draft, event: Provisioned) -> None:
    """The item is there."""
    until = maybe_instant(event.expires_at)
    changes: Changes = {"status": Status.PROVISIONED, "expires_at": until, **NOBODY}
    draft.change((event.item_id,), changes)


def provisioning_denied(draft: Draft, event: ProvisioningDenied) -> None:
    """The item will not be granted."""
    changes: Changes = {"status": Status.DENIED_PROVISIONING, **NOBODY}
    draft.change((event.item_id,), changes)
    keep_reason(draft, event)


def extended(draft: Draft, event: AccessExtended) -> None:
    """The item lasts longer."""
    until = maybe_instant(event.expires_at)
    draft.change((event.item_id,), {"expires_at": until})


def deprovisioned(draft: Draft, event: Deprovisioned) -> None:
    """The item is gone."""
    expired = event.ending is Ending.EXPIRY
    status = Status.TIME_BASED_EXPIRED if expired else Status.REVERTED
    draft.change((event.item_id,), {"status": status, **NOBODY})


def called_off(draft: Draft, event: RemovalCalledOff) -> None:
    """The items stay, without an end."""
    kept = Status.TIME_BASED_EXPIRED_CANCELLED
    changes: Changes = {"status": kept, "expires_at": None, **NOBODY}
    draft.change(event.items, changes)
