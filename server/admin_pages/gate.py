"""Who may see the administrators' pages, and whose forms are taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

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
from server.pages.forms import Form, form_token, is_ours, read_form
from server.sign_in.endpoint import Purpose, SignIn, expired

ROLES, FEATURES = "/admin/roles", "/admin/features"
PATHS = (ROLES, FEATURES)
PURPOSES = {
    ROLES: "Sign in to see who has which role.",
    FEATURES: "Sign in to see which features are on.",
}
Frame = dict[str, Any]
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
                return _for_administrators()
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
                return _for_administrators()
            actor = Actor(Via.WEB, session.person.person_id)
            try:
                onward = await take(form, CommandContext(actor, self.clock(), self.new_id()))
            except Refused as refusal:
                link = (request.url.path, "Back")
                return message(
                    "That was not done", refusal.sentence, status=status_of(refusal), link=link
                )
            return RedirectResponse(onward, SEE_OTHER)

        return answer


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
        "me": person.full_name,
        "sign_out": form_token(cookie, "sign-out"),
        "cookie": cookie,
        "path": request.url.path,
        "notice": "It is done, and counts from the next call on."
        if "done" in request.query_params
        else "",
    }


def _for_administrators() -> Response:
    return message("For administrators", "Your account may not see this page.", status=403)
