"""Where people sign in and out. A sign-in leads back to the page that asked for it, which is one of
a few of our own; what that page is about stands on the sign-in page too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.ports import Clock
from domain.values import PersonId
from server.command_bus import CommandBus, UnitOfWork
from server.limits.attempts import Attempts, address_of
from server.limits.sign_ins import SignInLimits
from server.pages import SEE_OTHER, message, render
from server.pages.forms import form_token, is_ours, read_form
from server.reads import Reads
from server.secret_tokens import new_secret
from server.sign_in import accounts, sessions
from server.sign_in.accounts import Account
from server.sign_in.pending_sign_ins import CALLBACK_PATH
from server.sign_in.refusals import SignInRefused
from server.sign_in.sessions import Cookies, Session
from server.telemetry.catalogue import SIGN_INS
from server.telemetry.meters import DEAF, Meters
from server.turns import Turns

if TYPE_CHECKING:
    from server.sign_in.identity_provider import IdentityProvider

WRONG = "Wrong user name or password."


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why somebody signs in: a sentence for the page, where its form may lead (sources of a content
    security policy), and whether an earlier sign-in will not do."""

    sentence: str
    form_targets: str = "'self'"
    fresh: bool = False


SIGN_IN, HOME = "/sign-in", "/"
PurposeOf = Callable[[str], Awaitable[Purpose | None]]
"""Returns the purpose of a sign-in by the path it leads back to; None where that leads nowhere."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """The sign-in page and its forms. `local` says whether passwords of our own count, `provider` is
    the organisation's identity provider, if there is one."""

    bus: CommandBus
    reads: Reads
    issuer: str
    clock: Clock
    hashing: Turns
    limits: Attempts
    failures: SignInLimits
    purpose_of: PurposeOf
    local: bool
    provider: IdentityProvider | None = None
    meters: Meters = DEAF

    @property
    def cookies(self) -> Cookies:
        """How the session's cookie is named and sent."""
        return Cookies(secure=self.issuer.startswith("https:"))

    def routes(self) -> list[BaseRoute]:
        """Return the routes; none of them answers cross-origin requests."""
        return [
            Route(SIGN_IN, self.show, methods=["GET"]),
            Route(SIGN_IN, self.sign_in, methods=["POST"]),
            Route("/sign-in/start", self.start, methods=["GET"]),
            Route(CALLBACK_PATH, self.callback, methods=["GET"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
        ]

    async def session(self, request: Request) -> Session | None:
        """Return who is signed in, in the browser that sent the request."""
        cookie, now = self.cookies.secret_of(request), self.clock()
        return await self.reads.query(lambda rows: sessions.signed_in(rows, cookie, now))

    async def page(
        self,
        request: Request,
        then: str,
        *,
        status: int = 200,
        fault: str = "",
        username: str = "",
    ) -> Response:
        """Return the page to sign in on, which leads to the path `then`; `username` has been typed already."""
        purpose = await self.purpose_of(then)
        if purpose is None:
            return expired()
        cookie = self.cookies.secret_of(request)
        page = render(
            "sign_in.html",
            status=status,
            then=then,
            csrf=form_token(cookie, then),
            purpose=purpose.sentence,
            local=self.local,
            provider=self.provider.name if self.provider else "",
            start=f"/sign-in/start?{urlencode({'then': then})}",
            fault=fault,
            username=username,
            form_targets=purpose.form_targets,
        )
        self.cookies.put(page, cookie)
        return page

    async def show(self, request: Request) -> Response:
        """Show the page by its own address, as after a failed sign-in; lead on whoever is signed in."""
        if await self.session(request) is not None:
            return RedirectResponse(HOME, SEE_OTHER)
        return await self.page(request, HOME)

    async def sign_in(self, request: Request) -> Response:
        """Take the sign-in form."""
        form = await read_form(request, self.issuer)
        if form is None:
            return expired()
        then, cookie = form.get("then", ""), self.cookies.secret_of(request)
        if not is_ours(form, cookie, then):
            return await self._stale(request, then)
        if not self.local:
            return expired()
        name, password = _storable(form.get("username", "")), form.get("password", "")
        found = await self.reads.query(lambda rows: accounts.account_as_typed(rows, name))
        person, wait = await self._attempt(name, address_of(request), found, password)
        result = "rate_limited" if wait is not None else "refused" if person is None else "done"
        self.meters.count(SIGN_INS.name, "password", result)
        if wait is not None:
            return await self._later(request, then, wait, name)
        if person is None:
            return await self.page(request, then, status=401, fault=WRONG, username=name)
        return await self.begin(cookie, person, then)

    async def start(self, request: Request) -> Response:
        """Send the browser to the identity provider. By a link, not a form: a form's policy would
        have to name every host on the provider's own way."""
        then, cookie = request.query_params.get("then", ""), self.cookies.secret_of(request)
        purpose = await self.purpose_of(then)
        if purpose is None or self.provider is None:
            return expired()
        wait = self.limits.beginning(address_of(request))
        if wait is not None:
            return busy(wait)
        try:
            url = await self.provider.begin(then, browser=cookie, fresh=purpose.fresh)
        except SignInRefused as refusal:
            return message("The sign-in cannot begin", refusal.sentence, status=503)
        answer = RedirectResponse(url, SEE_OTHER)
        self.cookies.put(answer, cookie)
        return answer

    async def callback(self, request: Request) -> Response:
        """Take the browser back from the identity provider."""
        if self.provider is None:
            return expired()
        cookie = self.cookies.secret_of(request)
        try:
            person, then = await self.provider.finish(dict(request.query_params), cookie)
        except SignInRefused as refusal:
            self.meters.count(SIGN_INS.name, "provider", "refused")
            link = (refusal.then, "Try again") if refusal.then else None
            return message("You are not signed in", refusal.sentence, link=link)
        self.meters.count(SIGN_INS.name, "provider", "done")
        return await self.begin(cookie, person, then)

    async def sign_out(self, request: Request) -> Response:
        """End the browser's session."""
        form, cookie = await read_form(request, self.issuer), self.cookies.secret_of(request)
        if form is None or not is_ours(form, cookie, "sign-out"):
            return expired()
        await self.bus.call(lambda work: sessions.close_session(work.rows, cookie))
        text, link = "Your AI clients stay connected.", (SIGN_IN, "Sign in again")
        return message("You are signed out", text, status=200, link=link)

    async def begin(self, cookie: str, person: PersonId, then: str) -> Response:
        """Begin a session with a new secret and lead on (RFC 9700 §4.12: by 303)."""
        fresh, now = new_secret(), self.clock()

        def open_fresh(work: UnitOfWork) -> None:
            sessions.close_session(work.rows, cookie)
            sessions.open_session(work.rows, fresh, person, now)

        await self.bus.call(open_fresh)
        answer = RedirectResponse(then, SEE_OTHER)
        self.cookies.put(answer, fresh)
        return answer

    async def _attempt(
        self, name: str, address: str, found: Account | None, password: str
    ) -> tuple[PersonId | None, int | None]:
        """Return the person, or the seconds to wait. Counted while hashing is held, so that many
        guesses at once are no more than many one by one."""
        async with self.hashing:
            wait = await self.failures.before(name, address)
            if wait is not None:
                return None, wait
            person = await anyio.to_thread.run_sync(accounts.check_password, found, password)
            wait = await self.failures.elsewhere(name)
            if person is None:
                await self.failures.failed(name, address)
            elif wait is None or (found and found.administrator):
                await self.failures.succeeded(name, address)
                return person, None
            return None, wait

    async def _later(self, request: Request, then: str, wait: int, name: str) -> Response:
        """Answer too many failures (RFC 6585 §4); the same for every name, known or not."""
        minutes = -(-wait // 60)
        fault = f"Too many attempts. Please wait {minutes} minutes before the next."
        page = await self.page(request, then, status=429, fault=fault, username=name)
        page.headers["Retry-After"] = str(wait)
        return page

    async def _stale(self, request: Request, then: str) -> Response:
        """Answer a form whose page is out of date, as when another page has signed in since."""
        purpose = await self.purpose_of(then)
        if purpose is not None and await self.session(request) is not None:
            return RedirectResponse(then, SEE_OTHER)
        fault = "This page was out of date. Please sign in again."
        return await self.page(request, then, status=403, fault=fault)


@dataclass(frozen=True, slots=True)
class PagesBehind:
    """Pages for people who are signed in: what a sign-in to one of them is for, and their routes."""

    purpose_of: PurposeOf
    routes: Callable[[SignIn], Sequence[BaseRoute]]


def expired(page: str = "") -> Response:
    """Answer a form that nobody waits for any more, or that came from elsewhere; `page` is where the form
    stands, if it stands on a page that can be opened again."""
    title = "This page has expired"
    if page:
        link = (page, "Open it again")
        return message(title, "Nothing was done.", status=403, link=link)
    return message(title, "Go back to your AI client and start again.", status=403)


def busy(wait: int) -> Response:
    """Answer an address that begins more sign-ins than people can (RFC 6585 §4)."""
    page = message("Too many sign-ins", f"Please try again in {wait} seconds.", status=429)
    page.headers["Retry-After"] = str(wait)
    return page


def _storable(name: str) -> str:
    """Return a user name without what no database column holds."""
    return name.strip().replace("\0", "").encode("utf-8", "replace").decode()[:200]
