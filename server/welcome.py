"""``/``: what this is, how an AI client is added, and for who is signed in where he can go."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from server.pages import NOTHING_AROUND, render
from server.pages.frame import frame
from server.sign_in.endpoint import Purpose, SignIn

HOME = "/"


async def purpose_of(path: str) -> Purpose | None:
    """Return what a sign-in that leads to this page is for."""
    return (
        Purpose("Sign in to request access, or to decide on requests.") if path == HOME else None
    )


@dataclass(frozen=True, slots=True)
class Welcome:
    """The page at the root."""

    sign_in: SignIn
    mcp_url: str

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return [Route(HOME, self.show, methods=["GET"])]

    async def show(self, request: Request) -> Response:
        """Show the page to anybody."""
        session = await self.sign_in.session(request)
        around = NOTHING_AROUND
        if session is not None:
            cookie = self.sign_in.cookies.secret_of(request)
            around = frame(session.person, cookie, HOME)
        return render("welcome.html", around=around, mcp_url=self.mcp_url)
