"""What waits for whom: one row for each person and item that he may decide on, grant or remove, and
for each review that he may give. A row goes as soon as the thing is done, by whomever; that somebody
was asked once is kept, so that he can see what has become of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from domain.access_request import (
    AccessCompleted,
    ApproversChanged,
    DecisionTaken,
    Deprovisioned,
    DeprovisioningStarted,
    Provisioned,
    ProvisioningDenied,
    ProvisioningStarted,
    RemovalCalledOff,
    RequestApproved,
    RequestCancelled,
    RequestDenied,
    RequestEscalated,
    RequestExpired,
    StageApproved,
    StageStarted,
    Verdict,
)
from domain.envelope import Recorded
from domain.ports import Rows
from domain.review import ReviewCompleted, ReviewRequired
from domain.values import PersonId, RequestId
from projections.columns import instant, number
from projections.projection import Projection

WHOLE = ""
"""Stands for the item where the whole request waits: for its review."""


class Waits(StrEnum):
    """For what somebody is waited for."""

    DECISION = "decision"
    GRANT = "grant"
    REMOVAL = "removal"
    REVIEW = "review"


def _ask(
    rows: Rows,
    recorded: Recorded,
    request_id: str,
    items: Iterable[str],
    people: Sequence[PersonId],
    kind: Waits,
) -> None:
    """Let exactly these people be waited for, at each of the items."""
    since, asked = instant(recorded.envelope.recorded_at), tuple(items)
    _done(rows, request_id, asked)
    if not people:
        return
    rows.execute_many(
        "INSERT INTO inbox (person_id, request_id, item_id, kind, since) VALUES (?, ?, ?, ?, ?)",
        [
            (person_id, request_id, item_id, kind, since)
            for item_id in asked
            for person_id in people
        ],
    )
    rows.execute_many(
        "INSERT INTO asked_person (person_id, request_id) VALUES (?, ?) "
        "ON CONFLICT (person_id, request_id) DO NOTHING",
        [(person_id, request_id) for person_id in people],
    )


def _done(rows: Rows, request_id: str, items: Iterable[str]) -> None:
    for item_id in items:
        rows.execute(
            "DELETE FROM inbox WHERE request_id = ? AND item_id = ?", (request_id, item_id)
        )


def _stage(
    rows: Rows, recorded: Recorded, event: StageStarted | ApproversChanged | RequestEscalated
) -> None:
    _ask(rows, recorded, event.request_id, event.items, event.approvers, Waits.DECISION)


def _decided(rows: Rows, _recorded: Recorded, event: DecisionTaken) -> None:
    if event.verdict is Verdict.APPROVE and event.decided_by is not None:
        for item_id in event.items:
            rows.execute(
                "DELETE FROM inbox WHERE request_id = ? AND item_id = ? AND person_id = ?",
                (event.request_id, item_id, event.decided_by),
            )


def _settled(
    rows: Rows,
    _recorded: Recorded,
    event: StageApproved
    | RequestApproved
    | RequestDenied
    | RequestExpired
    | AccessCompleted
    | RemovalCalledOff,
) -> None:
    _done(rows, event.request_id, event.items)


def _cancelled(rows: Rows, _recorded: Recorded, event: RequestCancelled) -> None:
    _done(rows, event.request_id, event.items or event.snapshot.item_ids)


def _ordered(
    rows: Rows, recorded: Recorded, event: ProvisioningStarted | DeprovisioningStarted
) -> None:
    kind = Waits.GRANT if isinstance(event, ProvisioningStarted) else Waits.REMOVAL
    people = event.task.assignees
    _ask(rows, recorded, event.request_id, (event.item_id,), people, kind)


def _fulfilled(
    rows: Rows, _recorded: Recorded, event: Provisioned | ProvisioningDenied | Deprovisioned
) -> None:
    _done(rows, event.request_id, (event.item_id,))


def _review(rows: Rows, recorded: Recorded, event: ReviewRequired) -> None:
    _ask(rows, recorded, event.request_id, (WHOLE,), event.reviewers, Waits.REVIEW)


def _reviewed(rows: Rows, _recorded: Recorded, event: ReviewCompleted) -> None:
    _done(rows, event.request_id, (WHOLE,))


PROJECTION = Projection(
    name="inbox",
    tables=("inbox", "asked_person"),
    schema=(
        "CREATE TABLE IF NOT EXISTS inbox ("
        "person_id TEXT NOT NULL, request_id TEXT NOT NULL, item_id TEXT NOT NULL, "
        "kind TEXT NOT NULL, since TEXT NOT NULL, PRIMARY KEY (person_id, request_id, item_id))",
        "CREATE INDEX IF NOT EXISTS inbox_by_request ON inbox (request_id)",
        "CREATE TABLE IF NOT EXISTS asked_person ("
        "person_id TEXT NOT NULL, request_id TEXT NOT NULL, PRIMARY KEY (person_id, request_id))",
    ),
    handlers={
        StageStarted: _stage,
        ApproversChanged: _stage,
        RequestEscalated: _stage,
        DecisionTaken: _decided,
        StageApproved: _settled,
        RequestApproved: _settled,
        RequestDenied: _settled,
        RequestExpired: _settled,
        RequestCancelled: _cancelled,
        ProvisioningStarted: _ordered,
        Provisioned: _fulfilled,
        ProvisioningDenied: _fulfilled,
        AccessCompleted: _settled,
        DeprovisioningStarted: _ordered,
        Deprovisioned: _fulfilled,
        RemovalCalledOff: _settled,
        ReviewRequired: _review,
        ReviewCompleted: _reviewed,
    },
)


def waiting_for(rows: Rows, person: PersonId) -> dict[RequestId, dict[str, Waits]]:
    """Return what waits for this person: requests, the longest waiting first, with their items and
    what each waits for (a review under `WHOLE`)."""
    found = rows.select(
        "SELECT request_id, item_id, kind FROM inbox WHERE person_id = ? "
        "ORDER BY since, request_id, item_id",
        (person,),
    )
    waiting: dict[RequestId, dict[str, Waits]] = {}
    for request_id, item_id, kind in found:
        waiting.setdefault(RequestId(str(request_id)), {})[str(item_id)] = Waits(str(kind))
    return waiting


def waiting_count(rows: Rows, person: PersonId) -> int:
    """Return how many requests wait for this person."""
    found = rows.select(
        "SELECT COUNT(DISTINCT request_id) FROM inbox WHERE person_id = ?", (person,)
    )
    return number(found[0][0])


def requests_waiting_for(rows: Rows, person: PersonId) -> tuple[RequestId, ...]:
    """Return the requests that wait for a decision of this person."""
    found = rows.select(
        "SELECT DISTINCT request_id FROM inbox WHERE person_id = ? AND kind = ? "
        "ORDER BY request_id",
        (person, Waits.DECISION),
    )
    return tuple(RequestId(str(row[0])) for row in found)


def was_asked(rows: Rows, request_id: RequestId, person: PersonId) -> bool:
    """Say whether this request has ever waited for this person."""
    return bool(
        rows.select(
            "SELECT 1 FROM asked_person WHERE person_id = ? AND request_id = ?",
            (person, request_id),
        )
    )


def inbox_mark(rows: Rows, person: PersonId) -> tuple[int, str]:
    """Return what differs as soon as something else waits for this person."""
    found = rows.select("SELECT COUNT(*), MAX(since) FROM inbox WHERE person_id = ?", (person,))
    return number(found[0][0]), str(found[0][1])
