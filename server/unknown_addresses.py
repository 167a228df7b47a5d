"""What is answered where there is nothing, or nothing to read. A person in a browser gets a page from which he can go
on, with the bar if he is signed in; a program gets the words of the status and nothing else."""

from __future__ import annotations

import contextlib
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from domain.ports import Unavailable
from server.pages import NOTHING_AROUND, is_browser, message
from server.pages.frame import frame
from server.sign_in.endpoint import SignIn

NO_PAGE = "There is no page at this address, or none that you may see."
NOT_TO_READ = (
    "This address takes what a form of another page sends; there is nothing to read at it."
)


class UnknownAddresses:
    """Answers requests for what is not there. `sign_in` knows who asks, once there is one."""

    sign_in: SignIn | None = None

    async def answer(self, request: Request, fault: Exception) -> Response:
        """Answer a request that no route takes."""
        assert isinstance(fault, HTTPException)  # noqa: S101 - registered for nothing else
        status, headers = fault.status_code, fault.headers
        if not is_browser(request.headers.get("accept", "")):
            if status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
                return Response(status_code=status, headers=headers)
            return PlainTextResponse(fault.detail, status, headers=headers)
        page = await self._page(request, fault)
        page.headers.update(headers or {})
        return page

    async def _page(self, request: Request, fault: HTTPException) -> Response:
        missing = fault.status_code == HTTPStatus.NOT_FOUND
        there = fault.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        title = "There is nothing here" if missing or there else fault.detail
        text = (
            NO_PAGE if missing else NOT_TO_READ if there else "The server could not answer this."
        )
        session = None
        if self.sign_in is not None:
            # Without the store nobody is known, and there is still nothing here.
            with contextlib.suppress(Unavailable):
                session = await self.sign_in.session(request)
        if session is None or self.sign_in is None:
            link = ("/sign-in", "Sign in")
            around = NOTHING_AROUND
        else:
            link = ("/", "Where to go from here")
            cookie = self.sign_in.cookies.secret_of(request)
            around = frame(session.person, cookie, request.url.path)
        return message(title, text, status=fault.status_code, link=link, around=around)
