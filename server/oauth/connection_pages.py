"""The pages of connected clients: a person's own, and everybody's for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.person import Role
from domain.ports import Clock
from domain.values import Actor, Via
from projections.columns import instant
from projections.pages import Page
from projections.people import PersonRow
from projections.token_families import FamilyRow, families_ended_by_replay
from server.long_ids import shortened
from server.oauth.clients import document_host
from server.oauth.connections import Connection, Connections
from server.oauth.redirect_uris import destination
from server.oauth.resources import resource_at
from server.pages import SEE_OTHER, message, render
from server.pages.forms import form_token, is_ours, read_form
from server.pages.frame import frame
from server.pages.words import minute, page_number
from server.reads import Reads
from server.sign_in.endpoint import Purpose, SignIn, expired

OWN = "/connections"
EVERYBODYS = "/admin/connections"
PAGE_SIZE = 50
ALARM_LIFE = timedelta(days=30)
DONE = "The client is disconnected: its tokens are dead."
WORDS = {
    OWN: {
        "heading": "Your AI clients",
        "lead": "AI clients that act for you. Disconnecting one ends all its tokens at once.",
    },
    EVERYBODYS: {
        "heading": "All AI clients",
        "lead": "AI clients that act for people here. Disconnecting one ends all its tokens.",
    },
}


async def purpose_of(path: str) -> Purpose | None:
    """Return what a sign-in that leads to one of these pages is for."""
    if path in (OWN, EVERYBODYS):
        return Purpose("Sign in to see which AI clients are connected.")
    return None


@dataclass(frozen=True, slots=True)
class ConnectionPages:
    """``/connections`` and ``/admin/connections``."""

    reads: Reads
    issuer: str
    clock: Clock
    sign_in: SignIn
    connections: Connections

    def routes(self) -> list[BaseRoute]:
        """Return the routes; none of them answers cross-origin requests."""
        return [
            Route(path, endpoint, methods=[method])
            for path in (OWN, EVERYBODYS)
            for method, endpoint in (("GET", self.show), ("POST", self.disconnect))
        ]

    async def show(self, request: Request) -> Response:
        """List the connections."""
        path = request.url.path
        session = await self.sign_in.session(request)
        if session is None:
            return await self.sign_in.page(request, path)
        if path == EVERYBODYS and Role.ADMINISTRATOR not in session.person.roles:
            return self._for_administrators(request, session.person)
        person = session.person
        whose = None if path == EVERYBODYS else person.person_id
        found = await self.connections.of(whose, page_number(request), PAGE_SIZE)
        alarms = await self._alarms(person) if whose else []
        return self._render(request, path, person, found, alarms)

    async def disconnect(self, request: Request) -> Response:
        """Take the form beside a connection."""
        path, session = request.url.path, await self.sign_in.session(request)
        form = await read_form(request, self.issuer)
        consent_id = form.get("consent", "") if form else ""
        cookie = self.sign_in.cookies.secret_of(request)
        if form is None or session is None or not is_ours(form, cookie, path + consent_id):
            return expired()
        if path == EVERYBODYS and Role.ADMINISTRATOR not in session.person.roles:
            return self._for_administrators(request, session.person)
        person_id = session.person.person_id
        whose = None if path == EVERYBODYS else person_id
        await self.connections.disconnect(consent_id, Actor(Via.WEB, person_id), whose)
        return RedirectResponse(f"{path}?done=1", SEE_OTHER)

    async def _alarms(self, person: PersonRow) -> list[dict[str, str]]:
        since = self.clock() - ALARM_LIFE
        families = await self.reads.query(
            lambda rows: families_ended_by_replay(rows, person.person_id, since)
        )
        return [_alarm(one) for one in families]

    def _render(
        self,
        request: Request,
        path: str,
        person: PersonRow,
        found: Page[Connection],
        alarms: Sequence[dict[str, str]],
    ) -> Response:
        cookie = self.sign_in.cookies.secret_of(request)
        return render(
            "connections.html",
            words=WORDS[path],
            notice=DONE if "done" in request.query_params else "",
            alarms=alarms,
            everybody=path == EVERYBODYS,
            action=path,
            connections=[
                self._shown(one, form_token(cookie, path + one.consent_id), path)
                for one in found.items
            ],
            page=found.page,
            pages=found.pages,
            around=frame(person, cookie, path),
        )

    def _for_administrators(self, request: Request, person: PersonRow) -> Response:
        cookie = self.sign_in.cookies.secret_of(request)
        around = frame(person, cookie, request.url.path)
        text = "Your account may not see this page."
        return message("For administrators", text, status=403, around=around)

    def _shown(self, one: Connection, csrf: str, path: str) -> dict[str, object]:
        resource = resource_at(one.resource, self.issuer)
        meanings = resource.in_words(one.scopes) if resource else []
        return {
            **asdict(one),
            "person": one.person_name,
            "document_host": document_host(one.client_id),
            "destination": destination(one.redirect_origin),
            "may": [
                meaning.words if path == OWN else of_another(meaning.words) for meaning in meanings
            ],
            "short_id": shortened(one.client_id),
            "since": instant(one.connected_at),
            "since_day": minute(one.connected_at),
            "used": instant(one.used_at) if one.used_at else None,
            "used_day": minute(one.used_at) if one.used_at else None,
            "sessions": _sessions(one.sessions),
            "csrf": csrf,
        }


def of_another(words: str) -> str:
    """Return what a scope lets a client do, as it is said of a client that acts for somebody else."""
    return words.replace("your", "that person's")


def _sessions(count: int) -> str:
    return {0: "no session", 1: "1 session"}.get(count, f"{count} sessions")


def _alarm(family: FamilyRow) -> dict[str, str]:
    assert family.ended_at is not None  # noqa: S101 - it was selected by its end
    return {
        "client_name": family.client_name,
        "at": instant(family.ended_at),
        "day": minute(family.ended_at),
    }
