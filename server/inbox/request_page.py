"""The page of one request: what is asked, by whom, through which client, why, what policy says, what has
happened, and the forms for what this person may do now. For people who have no part in it there is
no such page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from domain import access_request
from domain.access_request import DEPROVISIONING, Item, Request, RequestEvent, request_stream
from domain.access_request import Route as Way
from domain.envelope import Recorded
from domain.errors import UnknownRequest
from domain.lengths import format_length
from domain.ports import EventStore, NewId, Rows
from domain.values import RequestId
from projections.access_requests import request_by_id
from projections.inbox import WHOLE, Waits, waiting_for
from projections.people import PersonRow, person_by_id
from projections.request_history import history_of
from server.inbox.live import mark_of
from server.inbox.part import Part, may_see, part_of
from server.inbox.telling import DONE, sentence, through
from server.pages import message, render
from server.pages.forms import form_token
from server.pages.frame import frame
from server.pages.refusals import NOTHING, Words
from server.pages.words import minute
from server.policies.approver_names import format_approver
from server.reads import Reads
from server.request_bodies import storable
from server.sign_in.endpoint import SignIn

SHORTER = (2, 4, 8, 24, 3 * 24, 7 * 24, 14 * 24, 30 * 24, 90 * 24)
"""Hours that an approver may shorten access to. They need not be among the lengths that policy offers to who
asks: a decision may shorten access to any time."""
NOT_HERE = ("There is no such request", "Or it is not one in which you have a part.")


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as its page needs it."""

    request: Request
    version: int
    first: Recorded


@dataclass(frozen=True, slots=True)
class Sent:
    """A form of the page that was refused: which, what it said, and what is wrong with it."""

    form: str = ""
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    wrong: Words = NOTHING

    def text(self, form: str, name: str) -> str:
        """Return what stood in a field of this form; nothing where it is another form that was sent."""
        return self.fields.get(name, [""])[0] if form == self.form else ""

    def faults(self, form: str) -> Mapping[str, str]:
        """Return what is wrong with the fields of this form."""
        return self.wrong.fields if form == self.form else {}

    def ticked(self, form: str, item: str) -> bool:
        """Say whether an item stays ticked: all are where it is another form that was sent."""
        return form != self.form or item in self.fields.get("item", ())


@dataclass(frozen=True, slots=True)
class RequestPage:
    """``GET /requests/<id>``."""

    store: EventStore
    reads: Reads
    sign_in: SignIn
    new_id: NewId

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return [Route("/requests/{request_id}", self.show, methods=["GET"])]

    async def show(self, request: HttpRequest) -> Response:
        """Show the request."""
        session = await self.sign_in.session(request)
        if session is None:
            return await self.sign_in.page(request, request.url.path)
        return await self.shown(request, session.person, Sent())

    async def shown(
        self, request: HttpRequest, person: PersonRow, sent: Sent, status: int = 200
    ) -> Response:
        """Return the page for this person, with the form that was refused as it was filled in."""
        path, cookie = request.url.path, self.sign_in.cookies.secret_of(request)
        request_id = RequestId(storable(request.path_params["request_id"]))
        try:
            values = await self.reads.query(lambda rows: self._values(rows, request_id, person))
        except UnknownRequest:
            return not_here(person, cookie, path)
        values |= {
            "csrf": form_token(cookie, path),
            "decision_id": self.new_id(),
            "notice": DONE.get(request.query_params.get("done", ""), ""),
            "sent": sent,
        }
        return render("request.html", status=status, **frame(person, cookie, path), **values)

    def seen(self, rows: Rows, request_id: RequestId, person: PersonRow) -> Seen:
        """Return the request if it is there for this person; raises `UnknownRequest`. Blocking."""
        row = request_by_id(rows, storable(request_id))
        if row is None or not may_see(rows, row, person):
            raise UnknownRequest(request_id)
        recorded = self.store.stream(request_stream(row.request_id))
        events: list[RequestEvent] = [one.envelope.event for one in recorded]  # type: ignore[misc]  # the stream holds no others
        request = access_request.DECIDER.fold(events)
        if not isinstance(request, Request):
            raise UnknownRequest(request_id)
        return Seen(request, recorded[-1].envelope.version, recorded[0])

    def _values(self, rows: Rows, request_id: RequestId, person: PersonRow) -> dict[str, Any]:
        mark = mark_of(rows, person.person_id, request_id)
        seen = self.seen(rows, request_id, person)
        waits = waiting_for(rows, person.person_id).get(request_id, {})
        part = part_of(seen.request, person, reviews=waits.get(WHOLE) is Waits.REVIEW)
        people = _People(rows)
        labels = labels_of(seen.request)
        return {
            **_asked(seen, people, labels),
            "mark": mark,
            "part": part,
            "version": seen.version,
            "decidable": _choices(part.decide, labels),
            "workable": _choices(_same_work(part.work), labels),
            "removal": _is_removal(part.work),
            "shorter": _shorter(part),
            "routes": [_way(seen.request, one, labels) for one in seen.request.routes],
            "history": [
                {
                    "at": minute(told.at),
                    "sentence": sentence(told, people.name, labels),
                    "through": through(told),
                    "words": told.words,
                }
                for told in history_of(rows, request_id)
            ],
        }


def labels_of(request: Request) -> dict[str, str]:
    """Return what the items are called."""
    submission = request.submission
    labels: dict[str, str] = {one.permission_id: one.label for one in submission.permissions}
    return labels or {submission.app.app_id: submission.app.name}


class _People:
    """What people are called, each looked up once."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._names: dict[str, str] = {}

    def name(self, person_id: str) -> str:
        """Return a person's name, the id of one who is not known."""
        if person_id not in self._names:
            found = person_by_id(self._rows, person_id)
            self._names[person_id] = found.full_name if found else person_id
        return self._names[person_id]


def _asked(seen: Seen, people: _People, labels: dict[str, str]) -> dict[str, Any]:
    submission, envelope = seen.request.submission, seen.first.envelope
    client = envelope.actor.client
    return {
        "request_id": submission.request_id,
        "app_name": submission.app.name,
        "what": submission.what,
        "requester": people.name(submission.requester),
        "target": people.name(submission.target),
        "on_behalf": submission.requester != submission.target,
        "justification": submission.justification.text if submission.justification else "",
        "answers": [(one.prompt, one.response.text) for one in submission.answers],
        "client": client.name if client else "",
        "via": envelope.actor.via,
        "asked_at": minute(envelope.recorded_at),
        "length": format_length(submission.access_seconds),
        "starts_at": minute(submission.starts_at),
        "pending_until": minute(seen.request.pending_until),
        "extends": submission.extends,
        "emergency": submission.emergency,
        "stands": seen.request.status.replace("_", " ").capitalize(),
        "items": [_item(one, people, labels) for one in seen.request.items],
    }


def _item(one: Item, people: _People, labels: dict[str, str]) -> dict[str, Any]:
    return {
        "label": labels.get(one.item_id, one.item_id),
        "status": one.status.replace("_", " ").lower(),
        "until": minute(one.expires_at),
        "waits_for": [people.name(who) for who in _waits_for(one)],
        "integrations": list(one.integrations) if one.waits else [],
        "needed": one.needed - len(one.approved) if one.waits else 0,
    }


def _waits_for(item: Item) -> list[str]:
    if item.waits:
        return [one for one in item.approvers if one not in item.voters]
    return list(item.task.assignees) if item.task else []


def _choices(items: Sequence[Item], labels: dict[str, str]) -> list[tuple[str, str]]:
    return [(one.item_id, labels.get(one.item_id, one.item_id)) for one in items]


def _is_removal(work: Sequence[Item]) -> bool:
    return bool(work) and work[0].status in DEPROVISIONING


def _same_work(work: Sequence[Item]) -> list[Item]:
    """Return the items of which one report can be made: all to be granted, or all to be removed."""
    removal = _is_removal(work)
    return [one for one in work if (one.status in DEPROVISIONING) is removal]


def _shorter(part: Part) -> list[tuple[int, str]]:
    """Return the lengths that are shorter than what is asked for."""
    limits = [one.access_seconds for one in part.decide if one.access_seconds is not None]
    limit = min(limits, default=None)
    lengths = [hours * 3600 for hours in SHORTER]
    return [(one, format_length(one)) for one in lengths if limit is None or one < limit]


def _way(request: Request, way: Way, labels: dict[str, str]) -> dict[str, Any]:
    here = {one.stage for one in request.items if one.waits and one.item_id in way.items}
    return {
        "items": [labels.get(one, one) for one in way.items],
        "rule": asdict(way.rule),
        "approved_by": way.approved_by,
        "stages": [
            {
                "name": stage.name,
                "needed": stage.needed,
                "by": ", ".join(map(format_approver, stage.approvers)),
                "now": place in here,
            }
            for place, stage in enumerate(way.stages)
        ],
        "granted_by": way.provisioning.integration or "people",
        "instructions": way.provisioning.instructions,
        "evidence": way.minimum_evidence,
    }


def not_here(person: PersonRow, cookie: str, path: str) -> Response:
    """Answer that there is no such request, or none that this person may see."""
    link, around = ("/inbox", "Your inbox"), frame(person, cookie, path)
    return message(*NOT_HERE, status=404, link=link, around=around)
