"""Who may see the administrators' pages, and whose forms are taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from domain.errors import MalformedText, Refused
from domain.person import Role
from domain.ports import Clock, NewId
from domain.values import Actor, Via
from projections.people import PersonRow
from server.command_bus import CommandContext
from server.errors import status_of
from server.pages import SEE_OTHER, message
from server.pages.forms import Form, is_ours, read_form
from server.pages.frame import ADMINISTRATION, Frame, frame
from server.sign_in.endpoint import Purpose, SignIn, expired

ROLES, FEATURES = "/admin/roles", "/admin/features"
PATHS = (ADMINISTRATION,)
PURPOSES = {
    ADMINISTRATION: "Sign in to administer Doorward.",
    ROLES: "Sign in to see who has which role.",
    FEATURES: "Sign in to see which features are on.",
}
Show = Callable[[Request, Frame], Awaitable[Response]]
Take = Callable[[Form, CommandContext], Awaitable[str]]


async def purpose_of(path: str) -> Purpose | None:
    """Return what a sign-in that leads to one of these pages is for."""
    return Purpose(PURPOSES[path]) if path in PURPOSES else None


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets administrators in."""

    sign_in: SignIn
    clock: Clock
    new_id: NewId

    def page(self, show: Show) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers a GET: `show`, with what frames the page of an administrator."""

        async def answer(request: Request) -> Response:
            session = await self.sign_in.session(request)
            if session is None:
                return await self.sign_in.page(request, request.url.path)
            if not administers(session.person):
                return self.turned_away(request, session.person)
            cookie = self.sign_in.cookies.secret_of(request)
            return await show(request, _frame(request, session.person, cookie))

        return answer

    def form(self, about: tuple[str, ...], take: Take) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers a POST: `take` does what the form says and returns where to go on. The form's
        token is about the path and these fields."""

        async def answer(request: Request) -> Response:
            session = await self.sign_in.session(request)
            form = await read_form(request, self.sign_in.issuer)
            cookie = self.sign_in.cookies.secret_of(request)
            if session is None or form is None:
                return expired()
            if not is_ours(
                form, cookie, what(request.url.path, *(form.get(one, "") for one in about))
            ):
                return expired()
            if not administers(session.person):
                return self.turned_away(request, session.person)
            actor = Actor(Via.WEB, session.person.person_id)
            try:
                onward = await take(form, CommandContext(actor, self.clock(), self.new_id()))
            except Refused as refusal:
                around = frame(session.person, cookie, request.url.path)
                return _not_done(refusal, around)
            return RedirectResponse(onward, SEE_OTHER)

        return answer

    def turned_away(self, request: Request, person: PersonRow) -> Response:
        """Answer a person who does not administer Doorward."""
        cookie = self.sign_in.cookies.secret_of(request)
        around = frame(person, cookie, request.url.path)
        text = "Your account may not see this page."
        return message("For administrators", text, status=403, around=around)

    async def lead_in(self, request: Request) -> Response:
        """Lead an administrator to the first of the pages; for others there is none at this address."""
        session = await self.sign_in.session(request)
        if session is None:
            return await self.sign_in.page(request, ADMINISTRATION)
        if not administers(session.person):
            raise HTTPException(404)
        return RedirectResponse(ROLES, SEE_OTHER)


def what(path: str, *fields: str) -> str:
    """Return what a form on a page is about."""
    return "\n".join((path, *fields))


def version_of(form: Form) -> int:
    """Return the version that the page showed; raises `MalformedText`."""
    text = form.get("version", "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 12):  # noqa: PLR2004 - enough for any stream
        raise MalformedText("version")
    return int(text)


def administers(person: PersonRow) -> bool:
    """Say whether the person administers Doorward."""
    return Role.ADMINISTRATOR in person.roles


def _frame(request: Request, person: PersonRow, cookie: str) -> Frame:
    return {
        **frame(person, cookie, request.url.path),
        "cookie": cookie,
        "notice": "It is done, and counts from the next call on."
        if "done" in request.query_params
        else "",
    }


def _not_done(refusal: Refused, around: Frame) -> Response:
    link = (str(around["path"]), "Back")
    status = status_of(refusal)
    return message("That was not done", refusal.sentence, status=status, link=link, around=around)
