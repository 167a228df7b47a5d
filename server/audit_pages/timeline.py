"""``/audit``: what happened, the newest first, with its filters and pictures, and one event alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from domain.envelope import Recorded
from domain.events import EVENT_TYPES
from domain.ports import Rows
from projections.audit_trail import PROJECTION, figures, searching
from projections.audit_trail.searching import Stretch, Wanted
from server.audit_pages import pictures
from server.audit_pages.asking import (
    LAST_POSITION,
    Asked,
    asked_of,
    meant_by,
    position_of,
)
from server.audit_pages.exporting import EXPORT
from server.audit_pages.gate import AUDIT, Gate
from server.audit_pages.runs import run_told, runs_of
from server.audit_pages.telling import Telling, through
from server.audit_pages.verification import Verification
from server.follower import position_of as followed_to
from server.pages import message, render
from server.pages.frame import Frame
from server.wiring import System

PAGE_SIZE, MOST_EVENTS = 50, 300
"""Entries of a page, and events that may be in them where many make one entry."""
MOST_SHOWN = 20_000
"""Characters of an event that stand on the page of many; the whole is a page of its own."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The timeline and its events."""

    system: System
    gate: Gate
    verification: Verification

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        event = self.gate.page(self.event, path=AUDIT)
        return [
            Route(AUDIT, self.gate.page(self.show), methods=["GET"]),
            Route("/audit/events/{position}", event, methods=["GET"]),
        ]

    async def show(self, request: Request, frame: Frame) -> Response:
        """Show what is asked for."""
        asked, query = asked_of(request.query_params), request.query_params
        after = position_of(query.get("after", ""))
        before = position_of(query.get("before", ""))
        found = await self.system.reads.query(lambda rows: self._found(rows, asked, before, after))
        cookie = self.gate.sign_in.cookies.secret_of(request)
        return render(
            "audit.html",
            status=400 if asked.faults else 200,
            **frame,
            **self.verification.state(cookie),
            **found,
        )

    async def event(self, request: Request, frame: Frame) -> Response:
        """Show one event with all that it says."""
        position = position_of(request.path_params["position"])
        found = await self.system.reads.query(lambda rows: self._one(rows, position or 0))
        if found is None:
            text = "The log has no event at this position."
            link = (AUDIT, "The timeline")
            return message("There is no such event", text, status=404, link=link, around=frame)
        cookie = self.gate.sign_in.cookies.secret_of(request)
        return render("audit_event.html", **frame, **self.verification.state(cookie), one=found)

    def _found(
        self, rows: Rows, asked: Asked, before: int | None, after: int | None
    ) -> dict[str, Any]:
        meant = meant_by(asked, self.system.store, rows)
        nothing = Stretch((), None)
        found = nothing if asked.faults else _stretch(rows, meant.wanted, before, after)
        forward = after is not None and before is None
        entries, goes_on = self._entries(rows, meant.wanted, found, forward=forward)
        shown = [one.position for run in entries for one in run]
        cards = self._entry_cards(rows, entries)
        older, newer = _ends(shown, goes_on, forward=forward)
        return {
            "asked": asked,
            "faults": meant.faults,
            "days": _by_day(cards),
            "shown": len(cards),
            "older": asked.url(AUDIT, before=older) if older else "",
            "newer": asked.url(AUDIT, after=newer) if newer and (before or after) else "",
            "newest": asked.url(AUDIT) if before or after else "",
            "looked_to": goes_on if not cards else None,
            "kinds": _kinds(),
            "behind": max(0, self.system.store.head() - followed_to(rows, PROJECTION)),
            "export": EXPORT,
            **_pictures(rows, asked),
        }

    def _entries(
        self, rows: Rows, wanted: Wanted, found: Stretch, *, forward: bool
    ) -> tuple[list[list[Recorded]], int | None]:
        """Return what stands on the page, the newest first, each run of events as one entry, and from where
        to go on. It is looked further as long as runs leave room."""
        positions, goes_on = list(found.positions), found.goes_on
        entries = runs_of(self._events(positions, forward=forward))
        while found.positions and goes_on and len(entries) < PAGE_SIZE:
            if len(positions) >= MOST_EVENTS:
                break
            found = _stretch(rows, wanted, *((None, goes_on) if forward else (goes_on, None)))
            positions, goes_on = [*positions, *found.positions], found.goes_on
            entries = runs_of(self._events(positions, forward=forward))
        if len(entries) > PAGE_SIZE:
            entries = entries[:PAGE_SIZE]
            goes_on = entries[-1][-1].position
        if forward:
            entries = [run[::-1] for run in reversed(entries)]
        return entries, goes_on

    def _events(self, positions: Sequence[int], *, forward: bool) -> list[Recorded]:
        """Return these events, in the direction of the search."""
        events = sorted(self.system.store.history.at(positions), key=lambda one: one.position)
        return events if forward else events[::-1]

    def _entry_cards(
        self, rows: Rows, entries: Iterable[Sequence[Recorded]]
    ) -> list[dict[str, Any]]:
        telling, cards = Telling(rows), list[dict[str, Any]]()
        for run in entries:
            if len(run) == 1:
                cards.append(self._card(run[0], telling, whole=False))
                continue
            cards.append(
                {
                    "at": run[0].envelope.recorded_at,
                    "sentence": run_told(telling.who(run[0].envelope), run),
                    "through": through(run[0]),
                    "run": [self._line(one, telling) for one in run],
                }
            )
        return cards

    def _line(self, recorded: Recorded, telling: Telling) -> dict[str, Any]:
        """Return an event of a run: the whole of it stands on its own page."""
        return {**_told(recorded, telling), "body": ""}

    def _one(self, rows: Rows, position: int) -> dict[str, Any] | None:
        events = self.system.store.history.at([position])
        return self.cards(rows, events, whole=True)[0] if events else None

    def cards(
        self, rows: Rows, events: Iterable[Recorded], *, whole: bool = False
    ) -> list[dict[str, Any]]:
        """Return events as templates show them. Blocking."""
        telling = Telling(rows)
        return [self._card(one, telling, whole=whole) for one in events]

    def _card(self, recorded: Recorded, telling: Telling, *, whole: bool) -> dict[str, Any]:
        body = msgspec.json.format(self.system.event_bodies(recorded), indent=2).decode()
        cut = len(body) > MOST_SHOWN and not whole
        return {
            **_told(recorded, telling),
            "body": body[:MOST_SHOWN] if cut else body,
            "cut": cut,
        }


def _told(recorded: Recorded, telling: Telling) -> dict[str, Any]:
    envelope, line = recorded.envelope, telling.line(recorded)
    return {
        "position": recorded.position,
        "at": envelope.recorded_at,
        "topic": envelope.event.TOPIC,
        "stream": envelope.stream,
        "sentence": line.sentence,
        "words": line.words,
        "request_id": line.request_id,
        "asks": line.asks,
        "through": through(recorded),
    }


def _stretch(rows: Rows, wanted: Wanted, before: int | None, after: int | None) -> Stretch:
    if after is not None and before is None:
        return searching.after(rows, wanted, after, PAGE_SIZE)
    return searching.before(rows, wanted, before or LAST_POSITION, PAGE_SIZE)


def _ends(
    positions: Sequence[int], goes_on: int | None, *, forward: bool
) -> tuple[int | None, int | None]:
    """Return before which position the older events are, and after which the newer ones."""
    if forward:
        return min(positions, default=None), goes_on
    return goes_on, max(positions, default=None)


def _by_day(cards: Iterable[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the cards under their days, in their order: an event may bear an earlier day than one before it."""
    days = groupby(cards, key=lambda one: f"{one['at']:%A, %-d %B %Y}")
    return [(day, list(some)) for day, some in days]


def _kinds() -> dict[str, list[str]]:
    """Return the types of events by what they happen to."""
    kinds: dict[str, list[str]] = {}
    for topic in sorted(EVENT_TYPES):
        kinds.setdefault(topic.partition(".")[0], []).append(topic)
    return kinds


def _pictures(rows: Rows, asked: Asked) -> dict[str, Any]:
    """Return the pictures; they follow the app and the time."""
    if asked.faults:
        return {"requests": None, "took": None, "spread": None}
    decisions = figures.decisions(rows, asked.narrowed)
    return {
        "requests": pictures.requests_over_time(figures.requests_by_day(rows, asked.narrowed)),
        "took": pictures.time_to_decision(decisions),
        "spread": pictures.distribution(decisions),
        "states": pictures.STATES,
        "timed": len(decisions),
        "most_timed": figures.MOST_TIMED,
    }
