"""What is due when: one row for each thing that time will do to an item of a request or to a review.
A row goes as soon as an event has settled what it stands for, so that each row that is due has
something to do. They are durable: after a restart they are as they were."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.access_request import (
    AccessCompleted,
    AccessExtended,
    ApproversReminded,
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
    RequestDenied,
    RequestEscalated,
    RequestExpired,
    RequestRouted,
    StageStarted,
)
from domain.envelope import Recorded
from domain.ports import Rows
from domain.review import ReviewCompleted, ReviewOverdue, ReviewRequired
from domain.values import RequestId
from projections.columns import instant, parse_instant
from projections.projection import Projection

LAPSE, REMIND, ESCALATE = "lapse", "remind", "escalate"
START, ANSWER, RETRY, EXPIRE = "start", "answer", "retry", "expire"
REVIEW = "review"
WHOLE = ""
"""Stands for the item where a timer is about the whole request."""


@dataclass(frozen=True, slots=True)
class Due:
    """A request with which something is due, and whether it is its review."""

    request_id: RequestId
    review: bool


def _set(
    rows: Rows, request_id: str, items: Iterable[str], kind: str, due_at: datetime | None
) -> None:
    if due_at is None:
        _clear(rows, request_id, items, kind)
        return
    for item_id in items:
        rows.execute(
            "INSERT INTO timer (request_id, item_id, kind, due_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (request_id, item_id, kind) DO UPDATE SET due_at = excluded.due_at",
            (request_id, item_id, kind, instant(due_at)),
        )


def _clear(rows: Rows, request_id: str, items: Iterable[str], kind: str | None = None) -> None:
    condition, params = ("AND kind = ?", (kind,)) if kind else ("", ())
    for item_id in items:
        rows.execute(
            f"DELETE FROM timer WHERE request_id = ? AND item_id = ? {condition}",
            (request_id, item_id, *params),
        )


def _routed(rows: Rows, _recorded: Recorded, event: RequestRouted) -> None:
    for route in event.routes:
        _set(rows, event.request_id, route.items, LAPSE, event.pending_until)


def _stage(rows: Rows, _recorded: Recorded, event: StageStarted) -> None:
    _set(rows, event.request_id, event.items, REMIND, event.remind_at)
    _set(rows, event.request_id, event.items, ESCALATE, event.escalate_at)


def _reminded(rows: Rows, _recorded: Recorded, event: ApproversReminded) -> None:
    _set(rows, event.request_id, event.items, REMIND, event.remind_at)


def _escalated(rows: Rows, _recorded: Recorded, event: RequestEscalated) -> None:
    _clear(rows, event.request_id, event.items, ESCALATE)


def _approved(rows: Rows, _recorded: Recorded, event: RequestApproved) -> None:
    _clear(rows, event.request_id, event.items)
    _set(rows, event.request_id, event.items, START, event.starts_at)


def _over(
    rows: Rows,
    _recorded: Recorded,
    event: RequestDenied | RequestExpired | AccessCompleted | RemovalCalledOff,
) -> None:
    _clear(rows, event.request_id, event.items)


def _cancelled(rows: Rows, _recorded: Recorded, event: RequestCancelled) -> None:
    _clear(rows, event.request_id, event.items or event.snapshot.item_ids)


def _one_over(rows: Rows, _recorded: Recorded, event: ProvisioningDenied | Deprovisioned) -> None:
    _clear(rows, event.request_id, (event.item_id,))


def _ordered(
    rows: Rows, _recorded: Recorded, event: ProvisioningStarted | DeprovisioningStarted
) -> None:
    _clear(rows, event.request_id, (event.item_id,))
    _set(rows, event.request_id, (event.item_id,), ANSWER, event.task.answer_by)


def _failed(
    rows: Rows, _recorded: Recorded, event: ProvisioningFailed | DeprovisioningFailed
) -> None:
    _clear(rows, event.request_id, (event.item_id,))
    _set(rows, event.request_id, (event.item_id,), RETRY, event.retry_at)


def _held(rows: Rows, _recorded: Recorded, event: Provisioned | AccessExtended) -> None:
    _clear(rows, event.request_id, (event.item_id,))
    _set(rows, event.request_id, (event.item_id,), EXPIRE, event.expires_at)


def _review_due(rows: Rows, _recorded: Recorded, event: ReviewRequired | ReviewOverdue) -> None:
    due_at = event.due_at if isinstance(event, ReviewRequired) else event.remind_at
    _set(rows, event.request_id, (WHOLE,), REVIEW, due_at)


def _reviewed(rows: Rows, _recorded: Recorded, event: ReviewCompleted) -> None:
    _clear(rows, event.request_id, (WHOLE,), REVIEW)


PROJECTION = Projection(
    name="timers",
    keyed=True,
    tables=("timer",),
    schema=(
        "CREATE TABLE IF NOT EXISTS timer ("
        "request_id TEXT NOT NULL, item_id TEXT NOT NULL, kind TEXT NOT NULL, "
        "due_at TEXT NOT NULL, PRIMARY KEY (request_id, item_id, kind))",
        "CREATE INDEX IF NOT EXISTS timer_by_due ON timer (due_at)",
    ),
    handlers={
        RequestRouted: _routed,
        StageStarted: _stage,
        ApproversReminded: _reminded,
        RequestEscalated: _escalated,
        RequestApproved: _approved,
        RequestDenied: _over,
        RequestExpired: _over,
        RequestCancelled: _cancelled,
        AccessCompleted: _over,
        RemovalCalledOff: _over,
        ProvisioningStarted: _ordered,
        ProvisioningFailed: _failed,
        ProvisioningDenied: _one_over,
        Provisioned: _held,
        AccessExtended: _held,
        DeprovisioningStarted: _ordered,
        DeprovisioningFailed: _failed,
        Deprovisioned: _one_over,
        ReviewRequired: _review_due,
        ReviewOverdue: _review_due,
        ReviewCompleted: _reviewed,
    },
)


def due_by(rows: Rows, now: datetime, limit: int) -> tuple[Due, ...]:
    """Return up to `limit` of what is due by now, the longest due first."""
    found = rows.select(
        "SELECT request_id, kind FROM timer WHERE due_at <= ? ORDER BY due_at LIMIT ?",
        (instant(now), limit),
    )
    unique = dict.fromkeys((str(request), str(kind) == REVIEW) for request, kind in found)
    return tuple(Due(RequestId(request), review) for request, review in unique)


def next_due(rows: Rows) -> datetime | None:
    """Return when the next thing is due, None while nothing is."""
    found = rows.select("SELECT MIN(due_at) FROM timer")
    return None if found[0][0] is None else parse_instant(found[0][0])
