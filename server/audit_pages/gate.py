"""Who may see the auditors' pages. For others there is no such page, and they hear what they would hear of any
path that leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from projections.people import PersonRow
from server.pages.forms import is_ours, read_form
from server.pages.frame import OVERSEERS, Frame, frame
from server.sign_in.endpoint import Purpose, SignIn, expired

AUDIT = "/audit"
SCRIPT = "audit.js"
PATHS = (AUDIT, f"/assets/{SCRIPT}")
"""Of these pages and what they load: they are themselves loaded when one of them is first asked for."""
OWN = re.compile(
    r"/audit(?:/(?:as-of|verify|events/[0-9]{1,18}|requests/[A-Za-z0-9_-]{1,100}))?"
    r"(?:\?[A-Za-z0-9%._~&=+:-]*)?"
)
"""Pages to which a sign-in may lead."""
LONGEST_WAY_BACK = 1_500
Show = Callable[[Request, Frame], Awaitable[Response]]


async def purpose_of(path: str) -> Purpose | None:
    """Return what a sign-in that leads to one of these pages is for."""
    return Purpose("Sign in to see the audit trail.") if OWN.fullmatch(path) else None


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets auditors and administrators in."""

    sign_in: SignIn

    def page(self, show: Show, *, path: str = "") -> Callable[[Request], Awaitable[Response]]:
        """Return what answers a GET: `show` for those who may, with what frames their page. `path` says
        which page of the head is the present one."""

        async def answer(request: Request) -> Response:
            session = await self.sign_in.session(request)
            if session is None:
                return await self.sign_in.page(request, way_back(request))
            check(session.person)
            cookie = self.sign_in.cookies.secret_of(request)
            return await show(request, frame(session.person, cookie, path or request.url.path))

        return answer

    async def admits(self, request: Request, about: str) -> Response | None:
        """Return None if a form of ours about this was sent by somebody who may, else what to answer."""
        session = await self.sign_in.session(request)
        form = await read_form(request, self.sign_in.issuer)
        cookie = self.sign_in.cookies.secret_of(request)
        if session is not None:
            check(session.person)
        if session is None or form is None or not is_ours(form, cookie, about):
            return expired()
        return None


def check(person: PersonRow) -> None:
    """Answer that there is nothing, to a person who may not see it."""
    if not OVERSEERS & set(person.roles):
        raise HTTPException(404)


def way_back(request: Request) -> str:
    """Return where a sign-in leads: to the very page, with what was asked of it if that can be."""
    path, query = request.url.path, request.url.query
    ways = (f"{path}?{query}" if query else path, path, AUDIT)
    return next(one for one in ways if len(one) <= LONGEST_WAY_BACK and OWN.fullmatch(one))
