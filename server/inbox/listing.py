"""The lists: what waits for a person, what he holds and asked for, and all requests for those who
oversee them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from domain.access_request import HELD, Status
from domain.lengths import format_length
from domain.ports import Rows
from projections.access_requests import (
    RequestRow,
    Sought,
    Wanted,
    all_requests,
    request_by_id,
    requests_of,
)
from projections.holdings import held_items
from projections.inbox import Waits, waiting_for
from projections.people import PersonRow, person_by_id, person_by_username
from server.inbox.live import mark_of
from server.pages import message, render
from server.pages.frame import OVERSEERS, frame
from server.pages.words import minute, page_number
from server.reads import Reads
from server.request_bodies import storable
from server.sign_in.endpoint import SignIn

INBOX, ACCESS, ALL = "/inbox", "/access", "/admin/requests"
PAGE_SIZE = 25
WORDS = {
    Waits.DECISION: "decide",
    Waits.GRANT: "grant by hand",
    Waits.REMOVAL: "remove by hand",
    Waits.REVIEW: "review the emergency",
}


@dataclass(frozen=True, slots=True)
class Listing:
    """``/inbox``, ``/access`` and ``/admin/requests``."""

    reads: Reads
    sign_in: SignIn

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route(INBOX, self.inbox, methods=["GET"]),
            Route(ACCESS, self.access, methods=["GET"]),
            Route(ALL, self.all, methods=["GET"]),
        ]

    async def inbox(self, request: HttpRequest) -> Response:
        """Show what waits for whoever is signed in."""
        session = await self.sign_in.session(request)
        if session is None:
            return await self.sign_in.page(request, INBOX)
        person, page = session.person, page_number(request)
        return await self._page(
            request, "inbox.html", person, lambda rows: _waiting(rows, person, page)
        )

    async def access(self, request: HttpRequest) -> Response:
        """Show what whoever is signed in holds and has asked for."""
        session = await self.sign_in.session(request)
        if session is None:
            return await self.sign_in.page(request, ACCESS)
        person, page = session.person, page_number(request)
        return await self._page(
            request, "access.html", person, lambda rows: _own(rows, person, page)
        )

    async def all(self, request: HttpRequest) -> Response:
        """Show all requests to those who oversee them."""
        session = await self.sign_in.session(request)
        if session is None:
            return await self.sign_in.page(request, ALL)
        person, page = session.person, page_number(request)
        if not OVERSEERS & set(person.roles):
            text = "Your account may not see this page."
            around = frame(person, self.sign_in.cookies.secret_of(request), ALL)
            return message("For administrators and auditors", text, status=403, around=around)
        asked = {name: storable(one) for name, one in request.query_params.items()}
        return await self._page(
            request, "all_requests.html", person, lambda rows: _all(rows, asked, page)
        )

    async def _page(
        self,
        request: HttpRequest,
        template: str,
        person: PersonRow,
        look: Callable[[Rows], dict[str, Any]],
    ) -> Response:
        """Show what `look` finds, under the mark of the same read."""
        found = await self.reads.query(
            lambda rows: {"mark": mark_of(rows, person.person_id), **look(rows)}
        )
        cookie = self.sign_in.cookies.secret_of(request)
        return render(template, **frame(person, cookie, request.url.path), **found)


def _waiting(rows: Rows, person: PersonRow, page: int) -> dict[str, Any]:
    waiting = waiting_for(rows, person.person_id)
    chosen = tuple(waiting.items())[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    found = [(request_by_id(rows, key), waits) for key, waits in chosen]
    cards = [
        {
            **_card(rows, row),
            "to_do": " and ".join(dict.fromkeys(WORDS[one] for one in waits.values())),
        }
        for row, waits in found
        if row is not None
    ]
    pages = max(1, -(-len(waiting) // PAGE_SIZE))
    return {"cards": cards, "total": len(waiting), "page": page, "pages": pages}


def _own(rows: Rows, person: PersonRow, page: int) -> dict[str, Any]:
    wanted = Wanted(page=page, size=PAGE_SIZE)
    found = requests_of(rows, person.person_id, wanted)
    held = []
    for one in held_items(rows, person.person_id):
        row = request_by_id(rows, one.request_id)
        if row is not None:
            labels: dict[str, str] = {it.permission_id: it.label for it in row.permissions}
            held.append(
                {
                    "label": labels.get(one.item_id, row.app_name),
                    "app_name": row.app_name,
                    "url": f"/requests/{one.request_id}",
                    "until": minute(one.expires_at),
                    "ending": one.ending,
                }
            )
    cards = [_card(rows, one) for one in found.items]
    return {"held": held, "cards": cards, "page": found.page, "pages": found.pages}


def _all(rows: Rows, asked: dict[str, str], page: int) -> dict[str, Any]:
    status = Status(asked["status"]) if asked.get("status") in set(Status) else None
    name = asked.get("person", "").strip()
    person = person_by_username(rows, name) or person_by_id(rows, name) if name else None
    sought = Sought(
        status=status,
        person=person.person_id if person else None,
        app_id=asked.get("app", "").strip() or None,
    )
    nobody = bool(name) and person is None
    found = all_requests(rows, sought, page, PAGE_SIZE)
    cards = [_card(rows, one) for one in found.items]
    return {
        "cards": [] if nobody else cards,
        "statuses": list(Status),
        "asked": {name: asked.get(name, "") for name in ("status", "person", "app")},
        "page": found.page,
        "pages": 1 if nobody else found.pages,
    }


def _card(rows: Rows, row: RequestRow) -> dict[str, Any]:
    target = person_by_id(rows, row.target)
    requester = person_by_id(rows, row.requester)
    return {
        "url": f"/requests/{row.request_id}",
        "what": row.what,
        "app_name": row.app_name,
        "target": target.full_name if target else row.target,
        "requester": requester.full_name if requester else row.requester,
        "on_behalf": row.requester != row.target,
        "status": row.status,
        "held": row.status in HELD,
        "words": row.status.replace("_", " ").capitalize(),
        "justification": row.justification,
        "length": format_length(row.access_seconds),
        "asked_at": minute(row.requested_at),
        "until": minute(row.expires_at),
        "emergency": row.emergency,
        "client_name": row.client_name,
        "to_do": "",
    }
