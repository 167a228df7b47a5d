"""What waits for whom: one row for each person and item that he may decide on, grant or remove, and
for each review that he may give. A row goes as soon as the thing is done, by whomever; that somebody
was asked once is kept, so that he can see what has become of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

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
    RequestSubmitted,
    StageApproved,
    StageStarted,
    Verdict,
)
from domain.envelope import Recorded
from domain.ports import Rows
from domain.review import ReviewCompleted, ReviewRequired
from domain.values import PersonId, RequestId
from projections.columns import instant, number
from projections.projection import Projection, alone

WHOLE = ""
"""Stands for the item where the whole request waits: for its review."""


class Waits(StrEnum):
    """For what somebody is waited for."""

    DECISION = "decision"
    GRANT = "grant"
    REMOVAL = "removal"
    REVIEW = "review"


class _Drafts:
    """What waits while events change it: each row is written once, whatever the number of events."""

    def __init__(self) -> None:
        self._new: set[str] = set()
        self._done: dict[tuple[str, str], None] = {}
        self._answered: dict[tuple[str, str, str], None] = {}
        self._waiting: dict[tuple[str, str], dict[str, tuple[Waits, str]]] = {}
        self._asked: dict[tuple[str, str], None] = {}

    def begin(self, request_id: str) -> None:
        """Know that nothing waits of a request, since it is new."""
        self._new.add(request_id)

    def ask(
        self,
        request_id: str,
        items: Iterable[str],
        people: Sequence[PersonId],
        kind: Waits,
        since: str,
    ) -> None:
        """Let exactly these people be waited for, at each of the items."""
        for item_id in items:
            self.done(request_id, (item_id,))
            self._waiting[request_id, item_id] = dict.fromkeys(people, (kind, since))
        self._asked.update(dict.fromkeys((one, request_id) for one in people))

    def done(self, request_id: str, items: Iterable[str]) -> None:
        """Let nobody be waited for."""
        for item_id in items:
            self._done[request_id, item_id] = None
            self._waiting.pop((request_id, item_id), None)

    def answered(self, request_id: str, items: Iterable[str], person: PersonId) -> None:
        """Let this person be waited for no more."""
        for item_id in items:
            self._waiting.get((request_id, item_id), {}).pop(person, None)
            if (request_id, item_id) not in self._done:
                self._answered[request_id, item_id, person] = None

    def save(self, rows: Rows) -> None:
        """Write what is left."""
        done = [one for one in self._done if one[0] not in self._new]
        waiting = [
            (person, request_id, item_id, kind, since)
            for (request_id, item_id), people in self._waiting.items()
            for person, (kind, since) in people.items()
        ]
        for sql, params in (
            (_ANSWERED, [*self._answered]),
            (_DONE, done),
            (_WAITING, waiting),
            (_ASKED, [*self._asked]),
        ):
            if params:
                rows.execute_many(sql, params)


_DONE = "DELETE FROM inbox WHERE request_id = ? AND item_id = ?"
_ANSWERED = f"{_DONE} AND person_id = ?"
_WAITING = "INSERT INTO inbox (person_id, request_id, item_id, kind, since) VALUES (?, ?, ?, ?, ?)"
_ASKED = (
    "INSERT INTO asked_person (person_id, request_id) VALUES (?, ?) "
    "ON CONFLICT (person_id, request_id) DO NOTHING"
)


def _submitted(drafts: _Drafts, _recorded: Recorded, event: RequestSubmitted) -> None:
    drafts.begin(event.request_id)


def _since(recorded: Recorded) -> str:
    return instant(recorded.envelope.recorded_at)


def _stage(
    drafts: _Drafts, recorded: Recorded, event: StageStarted | ApproversChanged | RequestEscalated
) -> None:
    drafts.ask(event.request_id, event.items, event.approvers, Waits.DECISION, _since(recorded))


def _decided(drafts: _Drafts, _recorded: Recorded, event: DecisionTaken) -> None:
    if event.verdict is Verdict.APPROVE and event.decided_by is not None:
        drafts.answered(event.request_id, event.items, event.decided_by)


def _settled(
    drafts: _Drafts,
    _recorded: Recorded,
    event: StageApproved
    | RequestApproved
    | RequestDenied
    | RequestExpired
    | AccessCompleted
    | RemovalCalledOff,
) -> None:
    drafts.done(event.request_id, event.items)


def _cancelled(drafts: _Drafts, _recorded: Recorded, event: RequestCancelled) -> None:
    drafts.done(event.request_id, event.items or event.snapshot.item_ids)


def _ordered(
    drafts: _Drafts, recorded: Recorded, event: ProvisioningStarted | DeprovisioningStarted
) -> None:
    kind = Waits.GRANT if isinstance(event, ProvisioningStarted) else Waits.REMOVAL
    people = event.task.assignees
    drafts.ask(event.request_id, (event.item_id,), people, kind, _since(recorded))


def _fulfilled(
    drafts: _Drafts, _recorded: Recorded, event: Provisioned | ProvisioningDenied | Deprovisioned
) -> None:
    drafts.done(event.request_id, (event.item_id,))


def _review(drafts: _Drafts, recorded: Recorded, event: ReviewRequired) -> None:
    drafts.ask(event.request_id, (WHOLE,), event.reviewers, Waits.REVIEW, _since(recorded))


def _reviewed(drafts: _Drafts, _recorded: Recorded, event: ReviewCompleted) -> None:
    drafts.done(event.request_id, (WHOLE,))


_CHANGES: Mapping[type, Callable[[_Drafts, Recorded, Any], None]] = {
    RequestSubmitted: _submitted,
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
}


def _together(rows: Rows, events: Sequence[Recorded]) -> None:
    drafts = _Drafts()
    for recorded in events:
        event = recorded.envelope.event
        _CHANGES[type(event)](drafts, recorded, event)
    drafts.save(rows)


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
    handlers=alone(_together, _CHANGES),
    together=_together,
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
