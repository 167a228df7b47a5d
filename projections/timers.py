"""What is due when: one row for each thing that time will do to an item of a request or to a review.
A row goes as soon as an event has settled what it stands for, so that each row that is due has
something to do. They are durable: after a restart they are as they were."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
    RequestSubmitted,
    StageStarted,
)
from domain.envelope import Recorded
from domain.ports import Rows
from domain.review import ReviewCompleted, ReviewOverdue, ReviewRequired
from domain.values import RequestId
from projections.columns import instant, parse_instant
from projections.projection import Projection, alone

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


class _Drafts:
    """Timers while events set and clear them: each row is written once, whatever the number of events."""

    def __init__(self) -> None:
        self._new: set[str] = set()
        self._cleared: dict[tuple[str, str], None] = {}
        self._due: dict[tuple[str, str, str], str | None] = {}

    def begin(self, request_id: str) -> None:
        """Know that nothing is set for a request, since it is new."""
        self._new.add(request_id)

    def set(
        self, request_id: str, items: Iterable[str], kind: str, due_at: datetime | None
    ) -> None:
        """Let this be due then; None clears it."""
        due = None if due_at is None else instant(due_at)
        for item_id in items:
            self._due[request_id, item_id, kind] = due

    def clear(self, request_id: str, items: Iterable[str], kind: str | None = None) -> None:
        """Let nothing be due, or nothing of this kind."""
        for item_id in items:
            if kind is not None:
                self._due[request_id, item_id, kind] = None
                continue
            self._cleared[request_id, item_id] = None
            for each in _KINDS:
                self._due.pop((request_id, item_id, each), None)

    def save(self, rows: Rows) -> None:
        """Write what is left."""
        over = [one for one in self._cleared if one[0] not in self._new]
        unset = [
            key
            for key, due in self._due.items()
            if due is None and key[0] not in self._new and key[:2] not in self._cleared
        ]
        left = [(*key, due) for key, due in self._due.items() if due is not None]
        for sql, params in ((_CLEAR, over), (_CLEAR_KIND, unset), (_SET, left)):
            if params:
                rows.execute_many(sql, params)


_KINDS = (LAPSE, REMIND, ESCALATE, START, ANSWER, RETRY, EXPIRE, REVIEW)
_CLEAR = "DELETE FROM timer WHERE request_id = ? AND item_id = ?"
_CLEAR_KIND = f"{_CLEAR} AND kind = ?"
_SET = (
    "INSERT INTO timer (request_id, item_id, kind, due_at) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (request_id, item_id, kind) DO UPDATE SET due_at = excluded.due_at"
)


def _submitted(drafts: _Drafts, event: RequestSubmitted) -> None:
    drafts.begin(event.request_id)


def _routed(drafts: _Drafts, event: RequestRouted) -> None:
    for route in event.routes:
        drafts.set(event.request_id, route.items, LAPSE, event.pending_until)


def _stage(drafts: _Drafts, event: StageStarted) -> None:
    drafts.set(event.request_id, event.items, REMIND, event.remind_at)
    drafts.set(event.request_id, event.items, ESCALATE, event.escalate_at)


def _reminded(drafts: _Drafts, event: ApproversReminded) -> None:
    drafts.set(event.request_id, event.items, REMIND, event.remind_at)


def _escalated(drafts: _Drafts, event: RequestEscalated) -> None:
    drafts.clear(event.request_id, event.items, ESCALATE)


def _approved(drafts: _Drafts, event: RequestApproved) -> None:
    drafts.clear(event.request_id, event.items)
    drafts.set(event.request_id, event.items, START, event.starts_at)


def _over(
    drafts: _Drafts,
    event: RequestDenied | RequestExpired | AccessCompleted | RemovalCalledOff,
) -> None:
    drafts.clear(event.request_id, event.items)


def _cancelled(drafts: _Drafts, event: RequestCancelled) -> None:
    drafts.clear(event.request_id, event.items or event.snapshot.item_ids)


def _one_over(drafts: _Drafts, event: ProvisioningDenied | Deprovisioned) -> None:
    drafts.clear(event.request_id, (event.item_id,))


def _ordered(drafts: _Drafts, event: ProvisioningStarted | DeprovisioningStarted) -> None:
    drafts.clear(event.request_id, (event.item_id,))
    drafts.set(event.request_id, (event.item_id,), ANSWER, event.task.answer_by)


def _failed(drafts: _Drafts, event: ProvisioningFailed | DeprovisioningFailed) -> None:
    drafts.clear(event.request_id, (event.item_id,))
    drafts.set(event.request_id, (event.item_id,), RETRY, event.retry_at)


def _held(drafts: _Drafts, event: Provisioned | AccessExtended) -> None:
    drafts.clear(event.request_id, (event.item_id,))
    drafts.set(event.request_id, (event.item_id,), EXPIRE, event.expires_at)


def _review_due(drafts: _Drafts, event: ReviewRequired | ReviewOverdue) -> None:
    due_at = event.due_at if isinstance(event, ReviewRequired) else event.remind_at
    drafts.set(event.request_id, (WHOLE,), REVIEW, due_at)


def _reviewed(drafts: _Drafts, event: ReviewCompleted) -> None:
    drafts.clear(event.request_id, (WHOLE,), REVIEW)


_CHANGES: Mapping[type, Callable[[_Drafts, Any], None]] = {
    RequestSubmitted: _submitted,
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
}


def _together(rows: Rows, events: Sequence[Recorded]) -> None:
    drafts = _Drafts()
    for recorded in events:
        event = recorded.envelope.event
        _CHANGES[type(event)](drafts, event)
    drafts.save(rows)


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
    handlers=alone(_together, _CHANGES),
    together=_together,
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
