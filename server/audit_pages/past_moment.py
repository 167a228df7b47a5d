"""``/audit/as-of``: who held what, which requests were open, which consents stood and what policy said at a moment
of the past, chosen by a slider over the log or by its time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from domain.ports import EventStore
from domain.values import PersonId
from projections.columns import parse_instant
from server.audit.looking_back.json_form import moment_text
from server.audit.looking_back.lists import Narrowing, Then
from server.audit.looking_back.moments import BadMoment, Moment, moment_at, moment_of, position_at
from server.audit.looking_back.names import Names
from server.audit.looking_back.tables import LISTINGS
from server.audit_pages.asking import LONGEST, parse_moment, position_of
from server.audit_pages.gate import AUDIT, SCRIPT, Gate
from server.audit_pages.verification import Verification
from server.long_ids import shortened
from server.pages import render, script
from server.pages.frame import Frame
from server.pages.words import minute
from server.request_bodies import storable
from server.turns import Turns
from server.wiring import System

AS_OF = "/audit/as-of"
MOST_ROWS = 500
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
WORDS = {
    "holdings": "Who held what",
    "requests": "Open requests",
    "consents": "Consents",
    "policies": "Policies",
    "people": "People",
    "apps": "Apps",
    "permissions": "Permissions",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of which moment."""

    what: str
    moment: Moment
    person: str = ""
    app: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class PastMoment:
    """The page, its JSON and its script. `turns` bound how many look back at once."""

    system: System
    gate: Gate
    verification: Verification
    turns: Turns

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route(AS_OF, self.gate.page(self.show, path=AUDIT), methods=["GET"]),
            Route(f"/assets/{SCRIPT}", self.script, methods=["GET"]),
        ]

    async def script(self, _request: Request) -> Response:
        """Return the script that shows a moment as soon as it is chosen."""
        return script(SCRIPT)

    async def show(self, request: Request, frame: Frame) -> Response:
        """Show the moment, or give it as JSON."""
        query = {name: storable(one)[:LONGEST] for name, one in request.query_params.items()}
        whole = query.get("form") == "json"

        def look() -> tuple[Question, dict[str, Any], bytes]:
            question = question_of(query, self.system.store)
            found = self._answer(question, whole=whole)
            return question, found, _json(question, found) if whole else b""

        question, found, text = await self.turns.on_thread(look)
        status = 400 if question.fault else 200
        if whole:
            headers = {"Cache-Control": "no-store"}
            return Response(text, status, headers, media_type="application/json")
        cookie = self.gate.sign_in.cookies.secret_of(request)
        return render(
            "audit_as_of.html",
            status=status,
            script=SCRIPT,
            **frame,
            **self.verification.state(cookie),
            **found,
            question=question,
            shortened=shortened,
            words=WORDS,
            most=MOST_ROWS,
        )

    def _answer(self, question: Question, *, whole: bool) -> dict[str, Any]:
        """Return what was so. Blocking."""
        store, moment = self.system.store, question.moment
        listing = LISTINGS[question.what]
        told: dict[str, Any] = {
            "head": store.head(),
            "first": moment_at(store, min(1, store.head())).recorded_at,
            "last": moment_at(store, store.head()).recorded_at,
            "listing": listing,
            "unknown": "",
            "entries": [],
            "total": 0,
        }
        if question.fault:
            return told
        then = Then(store, self.system.scratch, moment.position)
        person: PersonId | None = None
        if question.person and "person" in listing.narrowed_to:
            person = then.person_named(question.person)
            if person is None:
                return {**told, "unknown": question.person}
        app = question.app if "app" in listing.narrowed_to else ""
        names = _NamesOfShown(store, moment.position)
        entries = iter(listing.entries(then, Narrowing(person, app or None), names))
        shown = [
            (form, tuple(map(_cell, listing.columns, cells)))
            for form, cells in (entries if whole else islice(entries, MOST_ROWS))
        ]
        names.enough = True
        return {**told, "entries": shown, "total": len(shown) + sum(1 for _ in entries)}


def _cell(column: str, text: str) -> str:
    """Return a cell as people read it: times to the minute, a status in words."""
    if _TIME.fullmatch(text):
        return minute(parse_instant(text)).removesuffix(" UTC")
    return text.replace("_", " ").capitalize() if column == "STATUS" else text


class _NamesOfShown(Names):
    """Looks up names until there are enough: what is only counted needs none."""

    enough = False

    def __call__(self, person_id: str) -> str:
        """Return the user name, or the id."""
        return person_id if self.enough else super().__call__(person_id)


def question_of(query: Mapping[str, str], store: EventStore) -> Question:
    """Return what is asked for: by whichever of slider and time was changed since the page was shown, else
    by a moment as `doorward audit as-of` takes it. What names no moment is asked of the present."""
    what = query.get("what", "")
    what = what if what in LISTINGS else "holdings"
    person, app = query.get("person", "").strip(), query.get("app", "").strip()
    head = store.head()
    try:
        moment = _moment(query, store, head)
    except BadMoment as fault:
        return Question(what, moment_at(store, head), person, app, f"{str(fault).capitalize()}.")
    return Question(what, moment, person, app)


def _moment(query: Mapping[str, str], store: EventStore, head: int) -> Moment:
    given, at = query.get("position", ""), query.get("at", "").strip()
    if at and at != query.get("shown", ""):
        then = parse_moment(at)
        if then is None:
            raise BadMoment(f"“{at}” is no date or time: write 2027-01-31T09:00")
        return moment_at(store, position_at(store, then, head))
    if given:
        position = position_of(given)
        if position is None:
            raise BadMoment(f"“{given}” is no position in the log")
        return moment_at(store, min(position, head))
    moment = query.get("moment", "").strip()
    return moment_of(store, moment) if moment else moment_at(store, head)


def _json(question: Question, found: Mapping[str, Any]) -> bytes:
    if question.fault:
        return msgspec.json.encode({"error": question.fault})
    moment = question.moment
    return msgspec.json.encode(
        {
            "as_of": {
                "position": moment.position,
                "recorded_at": moment_text(moment.recorded_at),
            },
            "what": question.what,
            "items": [form for form, _ in found["entries"]],
        }
    )
