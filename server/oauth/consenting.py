"""The pages of the authorization endpoint: sign in, decide, go back to the client. A request waits
in a row while its person decides and is answered once; pages carry only its opaque id. Forms are
taken from our own pages alone, and every answer to a form is a 303."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from uuid import NAMESPACE_URL, uuid5

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.consent import GiveConsent
from domain.ports import Clock, NewId, Rows
from domain.token_family import OpenFamily
from domain.values import Actor, ConsentId, FamilyId, PersonId, Via
from projections.consents import consented_scopes
from projections.people import PersonRow, person_by_id
from server.command_bus import CommandBus, CommandContext, UnitOfWork
from server.oauth import authorize, redirect_uris
from server.oauth.authorize import NotRedirectable
from server.oauth.clients import Clients, OAuthClient
from server.oauth.forms import fields_of
from server.oauth.metadata import USER_READ, USER_WRITE
from server.oauth.registration import read_limited
from server.oauth.token_rows import (
    CODE_LIFE,
    FAMILY_LIFE,
    AuthorizationRequest,
    CodeRow,
    find_request,
    forget_request,
    store_code,
    store_request,
)
from server.pages import render
from server.reads import Reads
from server.secret_tokens import CODE, digest, new_secret
from server.sign_in import accounts, sessions
from server.sign_in.sessions import Cookies

FORM_LIMIT = 16 * 1024
SCOPE_WORDS = {
    USER_READ: "search the catalog and read your access requests",
    USER_WRITE: "submit access requests in your name",
}
SEE_OTHER = 303


@dataclass(frozen=True, slots=True)
class Consenting:
    """The authorization endpoint and its pages."""

    bus: CommandBus
    reads: Reads
    clients: Clients
    issuer: str
    clock: Clock
    new_id: NewId
    hashing: anyio.CapacityLimiter

    @property
    def cookies(self) -> Cookies:
        return Cookies(secure=self.issuer.startswith("https:"))

    def routes(self) -> list[BaseRoute]:
        """Return the routes; none of them answers cross-origin requests."""
        return [
            Route("/authorize", self.authorize, methods=["GET"]),
            Route("/authorize/continue", self.proceed, methods=["GET"]),
            Route("/sign-in", self.sign_in, methods=["POST"]),
            Route("/consent", self.consent, methods=["POST"]),
        ]

    async def authorize(self, request: Request) -> Response:
        """Take an authorization request (RFC 6749 §4.1.1)."""
        parameters = fields_of(request.scope["query_string"])
        asked = authorize.Asked(parameters)
        try:
            client = authorize.check_client(asked, self.clients)
            redirect_uri = authorize.check_redirect(asked, client)
        except NotRedirectable as refusal:
            return _message("This sign-in cannot go on", str(refusal))
        wanted = authorize.check(parameters, client, redirect_uri, self.issuer)
        cookie = self.cookies.secret_of(request)
        person = await self._person(cookie)
        if person is None and wanted.prompt == "none":
            return self._refuse(wanted, "login_required", "nobody is signed in")
        secret = new_secret()
        now = self.clock()
        await self.bus.call(lambda work: store_request(work.rows, secret, wanted, now))
        if person is None or wanted.prompt == "login":
            return self._sign_in_page(cookie, secret, client)
        return await self._decide(cookie, secret, wanted, person)

    async def proceed(self, request: Request) -> Response:
        """Go on with a request after its person has signed in."""
        cookie = self.cookies.secret_of(request)
        secret = request.query_params.get("request", "")
        wanted, person = await self._waiting(secret), await self._person(cookie)
        if wanted is None or person is None:
            return _expired()
        return await self._decide(cookie, secret, wanted, person)

    async def sign_in(self, request: Request) -> Response:
        """Take the sign-in form; the session's secret is always a new one."""
        cookie = self.cookies.secret_of(request)
        form = await self._form(request, cookie)
        secret = form.get("request", "")
        wanted = await self._waiting(secret) if form else None
        client = self.clients.find(wanted.client_id) if wanted else None
        if wanted is None or client is None:
            return _expired()
        name, password = form.get("username", "").strip(), form.get("password", "")
        found = await self.reads.query(lambda rows: accounts.account(rows, _storable(name)))
        person = await anyio.to_thread.run_sync(
            accounts.check_password, found, password, limiter=self.hashing
        )
        if person is None:
            return self._sign_in_page(cookie, secret, client, wrong=True)
        fresh, now = new_secret(), self.clock()

        def begin(work: UnitOfWork) -> None:
            sessions.close_session(work.rows, cookie)
            sessions.open_session(work.rows, fresh, person, now)

        await self.bus.call(begin)
        answer = RedirectResponse(f"/authorize/continue?request={secret}", SEE_OTHER)
        self.cookies.put(answer, fresh)
        return answer

    async def consent(self, request: Request) -> Response:
        """Take the consent form: approve, or anything else, which denies."""
        cookie = self.cookies.secret_of(request)
        form = await self._form(request, cookie)
        secret = form.get("request", "")
        wanted, person = await self._waiting(secret), await self._person(cookie)
        if not form or wanted is None or person is None or wanted.error:
            return _expired()
        if form.get("decision") != "approve":
            await self.bus.call(lambda work: forget_request(work.rows, secret))
            return self._refuse(wanted, "access_denied", "the person said no", status=SEE_OTHER)
        return await self._approve(secret, wanted, person.person_id)

    async def _decide(
        self, cookie: str, secret: str, wanted: AuthorizationRequest, person: PersonRow
    ) -> Response:
        """Answer a signed-in person's request: at once where a consent stands, else ask."""
        client = self.clients.find(wanted.client_id)
        if client is None:
            return _expired()
        if wanted.error:
            await self.bus.call(lambda work: forget_request(work.rows, secret))
            return self._refuse(wanted, wanted.error, wanted.description)
        consent_id = _consent_id(person.person_id, wanted)
        given = await self.reads.query(lambda rows: consented_scopes(rows, consent_id))
        if set(wanted.scopes) <= set(given) and wanted.prompt != "consent":
            return await self._approve(secret, wanted, person.person_id)
        if wanted.prompt == "none":
            return self._refuse(wanted, "consent_required", "the person has not consented")
        return self._consent_page(cookie, secret, wanted, client, person)

    async def _approve(
        self, secret: str, wanted: AuthorizationRequest, person: PersonId
    ) -> Response:
        code = await self.bus.call(partial(self._issue_code, secret, wanted, person))
        if code is None:
            return _expired()
        url = authorize.answer_url(wanted, self.issuer, {"code": code})
        return RedirectResponse(url, SEE_OTHER)

    def _issue_code(
        self, secret: str, wanted: AuthorizationRequest, person: PersonId, work: UnitOfWork
    ) -> str | None:
        """Record consent and family, and bind a code to them; None if answered before."""
        client = self.clients.find(wanted.client_id)
        if client is None or not forget_request(work.rows, secret):
            return None
        now, code = self.clock(), new_secret(CODE)
        consent_id, family_id = _consent_id(person, wanted), FamilyId(self.new_id())
        actor = Actor(Via.WEB, person, client.identity(), consent_id)
        context = CommandContext(actor, now, self.new_id())
        identity, resource, scopes = client.identity(), wanted.resource, wanted.scopes
        origin = redirect_uris.origin(wanted.redirect_uri)
        consent = GiveConsent(consent_id, person, identity, resource, origin, scopes)
        work.execute(consent, context)
        opening = OpenFamily(
            family_id=family_id,
            consent_id=consent_id,
            person=person,
            client=identity,
            resource=resource,
            scopes=scopes,
            code_digest=digest(code),
            code_expires_at=now + CODE_LIFE,
            family_expires_at=now + FAMILY_LIFE,
        )
        work.execute(opening, context)
        row = CodeRow(family_id, wanted.redirect_uri, wanted.code_challenge)
        store_code(work.rows, code, row, now)
        return code

    async def _person(self, cookie: str) -> PersonRow | None:
        now = self.clock()

        def find(rows: Rows) -> PersonRow | None:
            person_id = sessions.signed_in(rows, cookie, now)
            return None if person_id is None else person_by_id(rows, person_id)

        return await self.reads.query(find)

    async def _waiting(self, secret: str) -> AuthorizationRequest | None:
        now = self.clock()
        return await self.reads.query(lambda rows: find_request(rows, secret, now))

    async def _form(self, request: Request, cookie: str) -> Mapping[str, str]:
        """Return the form if one of our own pages sent it, else nothing. RFC 9700 §4.7."""
        body = await read_limited(request, FORM_LIMIT)
        foreign = request.headers.get("origin", self.issuer) != self.issuer
        site = request.headers.get("sec-fetch-site", "same-origin")
        if body is None or foreign or site != "same-origin":
            return {}
        form = {name: values[0] for name, values in fields_of(body).items()}
        return form if sessions.check_csrf(cookie, form.get("csrf", "")) else {}

    def _refuse(
        self, wanted: AuthorizationRequest, error: str, why: str, status: int = SEE_OTHER
    ) -> Response:
        return RedirectResponse(authorize.error_url(wanted, self.issuer, error, why), status)

    def _sign_in_page(
        self, cookie: str, secret: str, client: OAuthClient, *, wrong: bool = False
    ) -> Response:
        page = render(
            "sign_in.html",
            status=401 if wrong else 200,
            request=secret,
            csrf=sessions.csrf_token(cookie),
            client_name=client.registered.name,
            wrong=wrong,
            form_targets="'self' " + redirect_uris.policy_sources(client.registered.redirect_uris),
        )
        self.cookies.put(page, cookie)
        return page

    def _consent_page(
        self,
        cookie: str,
        secret: str,
        wanted: AuthorizationRequest,
        client: OAuthClient,
        person: PersonRow,
    ) -> Response:
        return render(
            "consent.html",
            request=secret,
            csrf=sessions.csrf_token(cookie),
            client_name=client.registered.name,
            pinned=client.pinned,
            scope_lines=[SCOPE_WORDS[scope] for scope in wanted.scopes],
            person=f"{person.given_name} {person.family_name}",
            destination=redirect_uris.destination(wanted.redirect_uri),
            resource=wanted.resource,
            form_targets="'self' " + redirect_uris.policy_sources((wanted.redirect_uri,)),
        )


def _consent_id(person: PersonId, wanted: AuthorizationRequest) -> ConsentId:
    """Return the one consent of this person, client, resource and redirect origin."""
    origin = redirect_uris.origin(wanted.redirect_uri)
    name = f"{person}\n{wanted.client_id}\n{wanted.resource}\n{origin}"
    return ConsentId(str(uuid5(NAMESPACE_URL, name)))


def _storable(name: str) -> str:
    """Return a user name without what no database column holds."""
    return name.replace("\0", "").encode("utf-8", "replace").decode()[:200]


def _message(title: str, text: str) -> Response:
    return render("message.html", status=400, title=title, text=text)


def _expired() -> Response:
    return _message(
        "This page has expired", "Go back to your AI client and start signing in again."
    )
