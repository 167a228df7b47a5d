"""What the forms of a request's page do. Each is a command of the domain, with the version that the
page showed: who decides on what has changed meanwhile is told so. A form sent twice counts once, by
the id that its page carries. One that is refused comes back as it was filled in, with what is wrong
beside its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request as HttpRequest
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.access_request import (
    Action,
    CallOffRemoval,
    CancelRequest,
    CommentOnRequest,
    Decide,
    Reassign,
    ReportFulfilment,
    Result,
    RevokeAccess,
    Verdict,
)
from domain.errors import MalformedText, Refused, UnknownPerson, UnknownRequest
from domain.policy import Evidence
from domain.ports import Clock, NewId, Rows
from domain.review import CompleteReview, Judgement
from domain.values import Actor, PersonId, RequestId, Via
from projections.people import person_by_name_as_typed
from server.command_bus import CommandBus, CommandContext
from server.errors import status_of
from server.idempotency import fingerprint
from server.inbox.request_page import RequestPage, Sent, not_here
from server.pages import SEE_OTHER
from server.pages.forms import is_ours, read_fields
from server.pages.refusals import words
from server.reads import Reads
from server.sign_in.endpoint import SignIn, expired

Fields = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Wish:
    """A form as it was sent: by whom, on which request, with which fields."""

    request_id: RequestId
    by: PersonId
    fields: Fields
    now: datetime
    people: Callable[[str], PersonId]

    def text(self, name: str) -> str:
        """Return a field; empty where it was left out."""
        return self.fields.get(name, [""])[0]

    @property
    def version(self) -> int | None:
        """The version that the page showed."""
        return self.number("version")

    def number(self, name: str) -> int | None:
        """Return a whole number, None where the field is empty; raises `MalformedText`."""
        text = self.text(name)
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) <= 12):  # noqa: PLR2004 - enough for seconds
            raise MalformedText(name)
        return int(text)

    @property
    def items(self) -> tuple[str, ...] | None:
        """The items that were ticked; None where the form has no ticks."""
        return tuple(self.fields.get("item", ())) if self.text("ticks") else None

    @property
    def digest(self) -> str:
        """Stands for all that the form says."""
        unsaid = ("csrf", "version")
        said = {name: list(value) for name, value in self.fields.items() if name not in unsaid}
        return fingerprint(said)


def _decision(wish: Wish, verdict: Verdict) -> Decide:
    approves = verdict is Verdict.APPROVE
    return Decide(
        request_id=wish.request_id,
        decision_id=wish.text("decision_id"),
        digest=wish.digest,
        verdict=verdict,
        now=wish.now,
        decided_by=wish.by,
        evidence=Evidence.SESSION,
        items=wish.items,
        deny_rest=approves and bool(wish.text("deny_rest")),
        access_seconds=wish.number("access_seconds") if approves else None,
        reason=wish.text("reason") or None,
        expected_version=wish.version,
    )


def _report(wish: Wish) -> ReportFulfilment:
    result, action = wish.text("result"), wish.text("work")
    if result not in set(Result) or action not in set(Action):
        raise MalformedText("result")
    return ReportFulfilment(
        request_id=wish.request_id,
        report_id=wish.text("decision_id"),
        digest=wish.digest,
        action=Action(action),
        result=Result(result),
        now=wish.now,
        reported_by=wish.by,
        items=wish.items,
        reason=wish.text("reason") or None,
    )


def _cancel(wish: Wish) -> CancelRequest:
    reason = wish.text("reason") or None
    return CancelRequest(wish.request_id, wish.by, reason, wish.now, expected_version=wish.version)


def _revoke(wish: Wish) -> RevokeAccess:
    reason = wish.text("reason") or None
    return RevokeAccess(wish.request_id, wish.by, reason, wish.now, expected_version=wish.version)


def _call_off(wish: Wish) -> CallOffRemoval:
    reason = wish.text("reason")
    return CallOffRemoval(wish.request_id, wish.by, reason, wish.now, wish.version)


def _comment(wish: Wish) -> CommentOnRequest:
    return CommentOnRequest(wish.request_id, wish.by, wish.text("text"), wish.now)


def _reassign(wish: Wish) -> Reassign:
    names = [one.strip() for one in wish.text("approvers").split(",") if one.strip()]
    return Reassign(
        request_id=wish.request_id,
        by=wish.by,
        approvers=tuple(dict.fromkeys(map(wish.people, names))),
        reason=wish.text("reason") or None,
        now=wish.now,
        expected_version=wish.version,
    )


def _review(wish: Wish) -> CompleteReview:
    judgement = wish.text("judgement")
    if judgement not in set(Judgement):
        raise MalformedText("judgement")
    return CompleteReview(wish.request_id, wish.by, Judgement(judgement), wish.text("reason"))


COMMANDS: Mapping[str, Callable[[Wish], object]] = {
    "approve": lambda wish: _decision(wish, Verdict.APPROVE),
    "deny": lambda wish: _decision(wish, Verdict.DENY),
    "report": _report,
    "cancel": _cancel,
    "revoke": _revoke,
    "call-off": _call_off,
    "comment": _comment,
    "reassign": _reassign,
    "review": _review,
}

FORMS = {"approve": "decide", "deny": "decide"}
"""The forms of the page that have several actions."""


@dataclass(frozen=True, slots=True)
class Actions:
    """``POST /requests/<id>``."""

    bus: CommandBus
    reads: Reads
    sign_in: SignIn
    page: RequestPage
    clock: Clock
    new_id: NewId

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return [Route("/requests/{request_id}", self.take, methods=["POST"])]

    async def take(self, request: HttpRequest) -> Response:
        """Do what a form of the page asks for."""
        path, session = request.url.path, await self.sign_in.session(request)
        fields = await read_fields(request, self.sign_in.issuer)
        cookie = self.sign_in.cookies.secret_of(request)
        first = {name: values[0] for name, values in (fields or {}).items()}
        if fields is None or session is None or not is_ours(first, cookie, path):
            return expired(path)
        build = COMMANDS.get(first.get("action", ""))
        if build is None or len(fields["action"]) > 1:
            return expired(path)
        request_id, person = RequestId(request.path_params["request_id"]), session.person

        now = self.clock()

        def prepared(rows: Rows) -> object:
            self.page.seen(rows, request_id, person)
            people = _finder(rows)
            return build(Wish(request_id, person.person_id, fields, now, people))

        context = CommandContext(Actor(Via.WEB, person.person_id), now, self.new_id())
        try:
            command = await self.reads.query(prepared)
            await self.bus.execute(command, context)
        except UnknownRequest:
            return not_here(person, cookie, path)
        except Refused as refusal:
            sent = Sent(FORMS.get(first["action"], first["action"]), fields, words(refusal))
            return await self.page.shown(request, person, sent, status_of(refusal))
        done = "some" if first["action"] in FORMS and "ticks" in first else first["action"]
        return RedirectResponse(f"{path}?done={done}", SEE_OTHER)


def _finder(rows: Rows) -> Callable[[str], PersonId]:
    def find(name: str) -> PersonId:
        found = person_by_name_as_typed(rows, name)
        if found is None or found.disabled:
            raise UnknownPerson(name[:60])
        return found.person_id

    return find
