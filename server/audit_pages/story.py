"""``/audit/requests/<id>``: one request from submission to end, with what each step rested on. All of it comes
from the log itself, by `server.audit.why`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from domain.access_request import request_stream
from domain.envelope import Recorded
from domain.ports import Rows
from domain.review import review_stream
from domain.values import RequestId
from projections.columns import parse_instant
from server.audit.why.dossier import dossier
from server.audit_pages.gate import AUDIT, Gate
from server.audit_pages.pictures import length
from server.audit_pages.telling import Telling, through
from server.audit_pages.verification import Verification
from server.long_ids import shortened
from server.pages import message, render
from server.pages.frame import Frame
from server.pages.words import minute
from server.request_bodies import storable
from server.wiring import System

MOST_STEPS = 500
LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Story:
    """The story of a request."""

    system: System
    gate: Gate
    verification: Verification

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        show = self.gate.page(self.show, path=AUDIT)
        return [Route("/audit/requests/{request_id}", show, methods=["GET"])]

    async def show(self, request: Request, frame: Frame) -> Response:
        """Tell the story, or give it as JSON."""
        request_id = storable(request.path_params["request_id"])[:LONGEST_ID]
        found = await self.system.reads.query(lambda rows: self._found(rows, request_id))
        if found is None:
            text = "The log holds none with this id."
            link = (AUDIT, "The timeline")
            return message("There is no such request", text, status=404, link=link, around=frame)
        if request.query_params.get("form") == "json":
            return JSONResponse(found["why"], headers={"Cache-Control": "no-store"})
        cookie = self.gate.sign_in.cookies.secret_of(request)
        return render("audit_story.html", **frame, **self.verification.state(cookie), **found)

    def _found(self, rows: Rows, request_id: str) -> dict[str, Any] | None:
        store = self.system.store
        why = dossier(store, request_id, store.head())
        if why is None:
            return None
        streams = (request_stream(RequestId(request_id)), review_stream(RequestId(request_id)))
        events = sorted((one for each in streams for one in store.stream(each)), key=_position)
        telling = Telling(rows)
        return {
            "why": why,
            "names": {key: telling.name(key) for key in _people_in(why)},
            "called": _called(why),
            "minute": _minute,
            "shortened": shortened,
            "asks": telling.line(events[0]).asks,
            "steps": _steps(events[:MOST_STEPS], telling),
            "more": max(0, len(events) - MOST_STEPS),
            "lasted": length(_seconds(events[0], events[-1].envelope.recorded_at)),
            "policies": [
                (one, json.dumps(one["document"], ensure_ascii=False, indent=2))
                for one in why["policies"]
            ],
        }


def _steps(events: Sequence[Recorded], telling: Telling) -> list[dict[str, Any]]:
    """Return each event with the time that has passed since the one before it."""
    steps: list[dict[str, Any]] = []
    previous = events[0]
    for one in events:
        line, at = telling.line(one), one.envelope.recorded_at
        passed = _seconds(previous, at)
        steps.append(
            {
                "position": one.position,
                "at": at,
                "sentence": line.sentence,
                "words": line.words,
                "through": through(one),
                "later": length(passed) if passed >= 1 else "",
            }
        )
        previous = one
    return steps


def _people_in(part: object) -> set[str]:
    """Return the ids of all people of whom a part of the dossier tells."""
    if isinstance(part, Mapping):
        own = {str(part["person_id"])} if part.get("person_id") else set[str]()
        return own.union(*map(_people_in, part.values()))
    if isinstance(part, list | tuple):
        return set[str]().union(*map(_people_in, part))
    return set()


def _called(why: Mapping[str, Any]) -> dict[str, str]:
    """Return what the items of the request are called, by their ids."""
    filed = why["filed"]
    called = {one["permission_id"]: one["label"] for one in filed["permissions"]}
    return {filed["app"]["app_id"]: filed["app"]["name"], **called}


def _minute(text: str | None) -> str:
    """Return a moment of the dossier as pages write it."""
    return minute(parse_instant(text)) if text else ""


def _position(one: Recorded) -> int:
    return one.position


def _seconds(one: Recorded, then: datetime) -> float:
    return max(0.0, (then - one.envelope.recorded_at).total_seconds())
