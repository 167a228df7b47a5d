"""What the audit trail holds, for an auditor's client: events found by who, through what, about whom and when;
one event whole; the story of a request. Events are looked up and told as the auditors' pages look them up and
tell them; every answer is bounded, and what people wrote stands in it as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import msgspec

from domain.access_request import request_stream
from domain.envelope import Recorded
from domain.errors import NothingThere
from domain.outgoing import EventBodies
from domain.ports import EventStore, Rows
from domain.review import review_stream
from domain.values import RequestId
from projections.audit_trail import PROJECTION, searching
from projections.audit_trail.searching import Stretch, Wanted
from projections.columns import instant
from server.audit.why.dossier import dossier
from server.audit_pages.asking import FIELDS, LAST_POSITION, asked_of, meant_by
from server.audit_pages.telling import Telling, through
from server.follower import position_of
from server.mcp.answers import Answer, Json
from server.mcp.arguments import Arguments, BadArguments
from server.mcp.search_rendering import shortened

MOST_SHOWN = 20_000
"""Characters of one event's body."""
NOTHING = "No event is like that."


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """Answers the tools that read the trail."""

    store: EventStore
    event_bodies: EventBodies

    def search(self, rows: Rows, arguments: Arguments) -> Answer:
        """Answer search_audit_trail."""
        asked = asked_of({name: arguments[name] for name in FIELDS if name in arguments})
        if asked.faults:
            raise BadArguments(" ".join(asked.faults))
        meant = meant_by(asked, self.store, rows)
        found = _stretch(rows, meant.wanted, arguments)
        forward = "after" in arguments
        events = self.store.history.at(found.positions)
        lines = _told(rows, events if forward else tuple(reversed(events)))
        behind = max(0, self.store.head() - position_of(rows, PROJECTION))
        fields: Json = {
            "items": [fields for fields, _ in lines],
            "goes_on": found.goes_on,
            "not_yet_searched": behind,
        }
        if not lines:
            fields["empty_reason"] = " ".join(meant.faults) or NOTHING
            return Answer(fields, str(fields["empty_reason"]))
        on = "after" if forward else "before"
        more = [f"More with {on}={found.goes_on}."] if found.goes_on else []
        return Answer(fields, "\n".join([*(line for _, line in lines), *more]))

    def event(self, rows: Rows, arguments: Arguments) -> Answer:
        """Answer get_audit_event."""
        found = self.store.history.at([arguments["position"]])
        if not found:
            position, head = f"at position {arguments['position']}", self.store.head()
            raise NothingThere("event", position, f"the log ends at {head}")
        ((fields, line),) = _told(rows, found)
        body = self.event_bodies(found[0])
        if len(body) > MOST_SHOWN:
            fields["cut"] = True
            return Answer(fields, f"{line}\nIt is too long to be shown: doorward audit show.")
        fields["event"] = msgspec.json.decode(body)
        return Answer(fields, f"{line}\n{body.decode()}")

    def story(self, rows: Rows, arguments: Arguments) -> Answer:
        """Answer get_request_history."""
        request_id = RequestId(arguments["request_id"])
        streams = (request_stream(request_id), review_stream(request_id))
        events = [one for each in streams for one in self.store.stream(each)]
        why = dossier(self.store, request_id, self.store.head())
        if why is None:
            raise NothingThere("request", request_id, "search_audit_trail finds their events")
        events.sort(key=attrgetter("position"))
        page, size = arguments["page"], arguments["size"]
        steps = _told(rows, events[(page - 1) * size : page * size])
        asks = Telling(rows).line(events[0]).asks
        outcome: dict[str, Any] = why["outcome"]
        fields: Json = {
            "request_id": request_id,
            "asks": asks,
            "status": outcome["status"],
            "closed": outcome["closed"],
            "version": outcome["version"],
            "steps": [_without_request(fields) for fields, _ in steps],
            "total": len(events),
            "page": page,
            "size": size,
            "pages": -(-len(events) // size),
        }
        if arguments["why"]:
            fields["why"] = why
        head = f"{request_id}: {asks}, {outcome['status']}; {len(events)} events"
        return Answer(fields, "\n".join([head, *(line for _, line in steps)]))


def _stretch(rows: Rows, wanted: Wanted, arguments: Arguments) -> Stretch:
    size = arguments["size"]
    if "after" in arguments:
        if "before" in arguments:
            raise BadArguments("Give before or after, not both.")
        return searching.after(rows, wanted, arguments["after"], size)
    return searching.before(rows, wanted, arguments.get("before", LAST_POSITION), size)


def _told(rows: Rows, events: Sequence[Recorded]) -> list[tuple[Json, str]]:
    """Return each event as fields and in a line."""
    telling = Telling(rows)
    return [_one(recorded, telling) for recorded in events]


def _one(recorded: Recorded, telling: Telling) -> tuple[Json, str]:
    envelope, line, by = recorded.envelope, telling.line(recorded), through(recorded)
    fields: Json = {
        "position": recorded.position,
        "at": instant(envelope.recorded_at),
        "type": envelope.event.TOPIC,
        "sentence": line.sentence,
        "through": by,
    }
    if line.request_id:
        fields["request_id"] = line.request_id
    if line.words:
        fields["words"] = shortened(line.words)
    at = f"{envelope.recorded_at:%Y-%m-%d %H:%M}"
    return fields, f"{recorded.position} {at} {line.sentence} ({by})"


def _without_request(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if name != "request_id"}
