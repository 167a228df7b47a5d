"""The authorization endpoint (RFC 6749 §3.1) and how a request goes on once somebody is signed in.

| who                      | asked for       | answer                                             |
|--------------------------|-----------------|----------------------------------------------------|
| nobody                   | prompt=none     | login_required                                     |
| nobody, or prompt=login  | anything        | the sign-in page, then on with the request         |
| a person                 | a faulty request| its error, told to the client                      |
| a person                 | what he let it  | a code; a "continue" page for a shared client on   |
|                          |                 | this machine (RFC 8252 §8.6)                       |
| a person                 | anything else   | the consent page; consent_required for prompt=none |

An answer that no person had a hand in is sent only where it can do no harm: to this machine, to a
client that a person or the organisation knows. Anybody else's browser gets a page with a link, so
that Doorward is nobody's open redirector (RFC 9700 §4.11.2)."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.ports import Clock, Rows
from domain.values import Scopes
from projections.consents import ConsentRow, consent_by_id, person_trusts
from projections.people import PersonRow
from server.command_bus import CommandBus
from server.limits.attempts import address_of
from server.oauth import authorize, redirect_uris
from server.oauth.authorize import NotRedirectable
from server.oauth.consent_pages import ConsentPages
from server.oauth.issuing import Approval, consent_of
from server.oauth.resources import resource_at
from server.oauth.token_rows import AuthorizationRequest, forget_request, store_request
from server.oauth.waiting_requests import CONTINUE, Waiting, WaitingRequests
from server.pages import SEE_OTHER, message
from server.reads import Reads
from server.request_bodies import fields_of
from server.secret_tokens import new_secret
from server.sign_in.endpoint import SignIn, busy, expired
from server.sign_in.sessions import Session


@dataclass(frozen=True, slots=True)
class AuthorizationEndpoint:
    """``/authorize`` and ``/authorize/continue``."""

    bus: CommandBus
    reads: Reads
    issuer: str
    clock: Clock
    waiting: WaitingRequests
    sign_in: SignIn
    pages: ConsentPages

    def routes(self) -> list[BaseRoute]:
        """Return the routes; none of them answers cross-origin requests (RFC 9700 §2.6)."""
        return [
            Route("/authorize", self.authorize, methods=["GET"]),
            Route(CONTINUE, self.proceed, methods=["GET"]),
        ]

    async def authorize(self, request: Request) -> Response:
        """Take an authorization request (RFC 6749 §4.1.1)."""
        wait = self.sign_in.limits.beginning(address_of(request))
        if wait is not None:
            return busy(wait)
        parameters = fields_of(request.scope["query_string"])
        asked = authorize.Asked(parameters)
        try:
            found = await self.waiting.client(asked.one("client_id"))
            client = authorize.check_client(asked, found)
            redirect_uri = authorize.check_redirect(asked, client)
        except NotRedirectable as refusal:
            return message("This sign-in cannot go on", str(refusal))
        now = self.clock()
        wanted = authorize.check(parameters, client, redirect_uri, self.issuer, now)
        waiting = Waiting(new_secret(), wanted, client)
        session = await self.sign_in.session(request)
        if session is None and "none" in wanted.prompts:
            error = wanted.error or "login_required"
            why = wanted.description or "nobody is signed in"
            return await self._refuse(waiting, None, error, why)
        await self.bus.call(lambda work: store_request(work.rows, waiting.secret, wanted, now))
        return await self._go_on(request, waiting, session)

    async def proceed(self, request: Request) -> Response:
        """Go on with a request after its person has signed in. A GET changes nothing but what the
        person has consented to before."""
        waiting = await self.waiting.find(request.query_params.get("request", ""))
        if waiting is None:
            return expired()
        if "switch" in request.query_params:
            return await self.sign_in.page(request, waiting.path)
        return await self._go_on(request, waiting, await self.sign_in.session(request))

    async def _go_on(
        self, request: Request, waiting: Waiting, session: Session | None
    ) -> Response:
        wanted = waiting.request
        stale = session is not None and session.signed_in_at < wanted.asked_at
        if session is None or ("login" in wanted.prompts and stale):
            return await self.sign_in.page(request, waiting.path)
        if wanted.error:
            return await self._refuse(waiting, session.person, wanted.error, wanted.description)
        return await self._decide(request, waiting, session.person)

    async def _decide(self, request: Request, waiting: Waiting, person: PersonRow) -> Response:
        """Answer a signed-in person's request: at once where a consent stands, else ask."""
        wanted, silent = waiting.request, "none" in waiting.request.prompts
        scopes = self.carried(wanted, person)
        if not scopes:
            why = "the person's role carries none of these scopes"
            return await self._refuse(waiting, person, "access_denied", why)
        if await self._stands(waiting, person, scopes):
            if not self.pages.continues(waiting):
                approval = Approval(waiting, person.person_id, scopes, remembered=True)
                return await self.pages.answer(approval)
            if not silent:
                return self.pages.continue_page(request, waiting, person, scopes)
        if silent:
            why = "the person has to be asked"
            return await self._refuse(waiting, person, "consent_required", why)
        return self.pages.consent_page(request, waiting, person, scopes)

    def carried(self, wanted: AuthorizationRequest, person: PersonRow) -> Scopes:
        """Return the asked scopes that the person's present role carries."""
        resource = resource_at(wanted.resource, self.issuer)
        return resource.carried(wanted.scopes, person.roles) if resource else ()

    async def _stands(self, waiting: Waiting, person: PersonRow, scopes: Scopes) -> bool:
        """Say whether the person has consented to this, to the client as it is today."""
        if "consent" in waiting.request.prompts:
            return False
        consent_id = consent_of(person.person_id, waiting.request)

        def find(rows: Rows) -> ConsentRow | None:
            return consent_by_id(rows, consent_id)

        row = await self.reads.query(find)
        return (
            row is not None
            and set(scopes) <= set(row.scopes)
            and row.client_digest == waiting.client.digest
        )

    async def _refuse(
        self, waiting: Waiting, person: PersonRow | None, error: str, why: str
    ) -> Response:
        """Tell the client, by redirect where nobody is led astray by it, else by a link."""
        await self.bus.call(lambda work: forget_request(work.rows, waiting.secret))
        url = authorize.error_url(waiting.request, self.issuer, error, why)
        if await self._harmless(waiting, person):
            return RedirectResponse(url, SEE_OTHER)
        host = redirect_uris.destination(waiting.request.redirect_uri)
        text = f"“{waiting.client.shown_name}” asked for something that cannot be given: {why}."
        link = (url, f"Return to {host}")
        return message("This sign-in cannot go on", text, link=link)

    async def _harmless(self, waiting: Waiting, person: PersonRow | None) -> bool:
        client, uri = waiting.client, waiting.request.redirect_uri
        if client.vouched or redirect_uris.on_this_machine(uri):
            return True
        if person is None:
            return False
        person_id = person.person_id
        return await self.reads.query(
            lambda rows: person_trusts(rows, person_id, client.client_id)
        )
