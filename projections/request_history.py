"""The story of each request, as those who have a part in it read it: one row for each event, with who
did it, through what, and the words that were said. Auditors read the log itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
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
)
from domain.envelope import Recorded
from domain.person import PersonForgotten
from domain.ports import Rows
from domain.review import ReviewCompleted, ReviewOverdue, ReviewRequired
from domain.values import REDACTED, Personal, PersonId, RequestId
from projections.columns import instant, json_text, maybe_text, number, parse_instant, text_list
from projections.projection import Projection

TOLD = (
    RequestSubmitted,
    RequestRouted,
    StageStarted,
    DecisionTaken,
    DecisionRefused,
    StageApproved,
    RequestApproved,
    RequestDenied,
    RequestExpired,
    RequestCancelled,
    ApproversChanged,
    ApproversReminded,
    RequestEscalated,
    CommentAdded,
    RequestClosed,
    ProvisioningStarted,
    Provisioned,
    ProvisioningFailed,
    ProvisioningDenied,
    AccessCompleted,
    AccessExtended,
    AccessRevoked,
    DeprovisioningStarted,
    DeprovisioningFailed,
    Deprovisioned,
    RemovalCalledOff,
    ReviewRequired,
    ReviewOverdue,
    ReviewCompleted,
)


@dataclass(frozen=True, slots=True)
class Told:
    """One event of the story. `event` is its topic; `person` did it, or an
    integration (`service`) or client on his behalf; `detail` is a verdict, the name of a stage or a
    code; `words` are what somebody said."""

    position: int
    at: datetime
    event: str
    person: PersonId | None
    via: str
    client_name: str | None
    service: str | None
    items: tuple[str, ...]
    detail: str
    words: str | None


def _told(rows: Rows, recorded: Recorded, event: Any) -> None:
    actor, words = recorded.envelope.actor, _words(event)
    rows.execute_many(
        "INSERT INTO request_history (request_id, position, at, event, person_id, via, "
        "client_name, service, items_json, detail, words, words_of) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                event.request_id,
                recorded.position,
                instant(recorded.envelope.recorded_at),
                event.TOPIC,
                _author(event) or actor.subject,
                actor.via,
                actor.client.name if actor.client else None,
                getattr(event, "submitted_by", None) or actor.service,
                json_text(_items(event)),
                _detail(event),
                words.text if words else None,
                words.subject if words else None,
            )
        ],
    )


def _author(event: Any) -> str | None:
    for name in ("decided_by", "reported_by", "by"):
        author = getattr(event, name, None)
        if author is not None:
            return str(author)
    return None


def _items(event: Any) -> tuple[str, ...]:
    match event:
        case RequestSubmitted():
            return event.item_ids
        case RequestCancelled():
            return event.items or event.snapshot.item_ids
        case RequestClosed():
            return tuple(one.item_id for one in event.items)
        case RequestRouted():
            return tuple(item for route in event.routes for item in route.items)
        case _:
            items = getattr(event, "items", None)
            one = getattr(event, "item_id", None)
            return items if items is not None else (one,) if one else ()


def _detail(event: Any) -> str:
    detail = _DETAILS.get(type(event))
    return detail(event) if detail else ""


def _task(event: ProvisioningStarted | DeprovisioningStarted) -> str:
    return event.task.integration or ""


def _until(event: Provisioned | AccessExtended) -> str:
    return instant(event.expires_at) if event.expires_at else ""


_DETAILS: dict[type, Callable[[Any], str]] = {
    DecisionTaken: lambda event: f"{event.verdict}: {event.name}",
    StageStarted: lambda event: str(event.name),
    StageApproved: lambda event: str(event.name),
    DecisionRefused: lambda event: str(event.code),
    RequestApproved: lambda event: event.approved_by or "",
    RequestClosed: lambda event: str(event.status),
    ProvisioningStarted: _task,
    DeprovisioningStarted: _task,
    Provisioned: _until,
    AccessExtended: _until,
    ReviewCompleted: lambda event: str(event.judgement),
}


def _words(event: Any) -> Personal | None:
    for name in ("reason", "text", "remark", "justification"):
        said = getattr(event, name, None)
        if isinstance(said, Personal):
            return said
    return None


def _forgotten(rows: Rows, _recorded: Recorded, event: PersonForgotten) -> None:
    rows.execute(
        "UPDATE request_history SET words = ? WHERE words_of = ?", (REDACTED, event.person_id)
    )


PROJECTION = Projection(
    name="request_history",
    tables=("request_history",),
    schema=(
        "CREATE TABLE IF NOT EXISTS request_history ("
        "request_id TEXT NOT NULL, position BIGINT NOT NULL, at TEXT NOT NULL, "
        "event TEXT NOT NULL, person_id TEXT, via TEXT NOT NULL, client_name TEXT, service TEXT, "
        "items_json TEXT NOT NULL, detail TEXT NOT NULL, words TEXT, words_of TEXT, "
        "PRIMARY KEY (request_id, position))",
    ),
    handlers={**dict.fromkeys(TOLD, _told), PersonForgotten: _forgotten},
)


def history_of(rows: Rows, request_id: RequestId) -> tuple[Told, ...]:
    """Return the story of a request, from its beginning."""
    found = rows.select(
        "SELECT position, at, event, person_id, via, client_name, service, items_json, detail, "
        "words FROM request_history WHERE request_id = ? ORDER BY position",
        (request_id,),
    )
    return tuple(
        Told(
            position=number(position),
            at=parse_instant(at),
            event=str(event),
            person=None if person is None else PersonId(str(person)),
            via=str(via),
            client_name=maybe_text(client),
            service=maybe_text(service),
            items=text_list(items),
            detail=str(detail),
            words=maybe_text(words),
        )
        for position, at, event, person, via, client, service, items, detail, words in found
    )


def has_acted(rows: Rows, request_id: RequestId, person: PersonId) -> bool:
    """Say whether this person stands in the story."""
    return bool(
        rows.select(
            "SELECT 1 FROM request_history WHERE request_id = ? AND person_id = ? LIMIT 1",
            (request_id, person),
        )
    )


def said_by(rows: Rows, person: PersonId) -> tuple[str, ...]:
    """Return the words of a person in whatever story."""
    found = rows.select(
        "SELECT DISTINCT words FROM request_history WHERE words_of = ? AND words IS NOT NULL",
        (person,),
    )
    return tuple(str(words) for (words,) in found)
