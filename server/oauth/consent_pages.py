"""The pages on which a person decides: the consent page, in plain words, and the one-button page
before a shared client is let in again. Both are one form; a scope is taken back by unticking it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.values import Scopes
from projections.people import PersonRow
from server.command_bus import CommandBus
from server.oauth import authorize, redirect_uris
from server.oauth.issuing import Approval, Issuing
from server.oauth.resources import TOOLSETS, Resource, ScopeMeaning, resource_at
from server.oauth.token_rows import forget_request
from server.oauth.waiting_requests import Waiting, WaitingRequests
from server.pages import SEE_OTHER, render
from server.pages.forms import Form, form_token, is_ours, read_form
from server.sign_in.endpoint import SignIn, expired

ALLOW = "allow:"
"""Prefix of a ticked scope's field."""


@dataclass(frozen=True, slots=True)
class ConsentPages:
    """The consent form. `ask_to_continue` is the setting for shared clients on this machine."""

    bus: CommandBus
    issuer: str
    waiting: WaitingRequests
    sign_in: SignIn
    issuing: Issuing
    ask_to_continue: bool

    def routes(self) -> list[BaseRoute]:
        """Return the route; it answers no cross-origin request."""
        return [Route("/consent", self.consent, methods=["POST"])]

    def continues(self, waiting: Waiting) -> bool:
        """Say whether a remembered consent still takes a click: the client's id is shared by all
        who have the program, and any program on this machine can be sent its answer, so that
        nothing tells them apart (RFC 8252 §8.6)."""
        shared = waiting.client.document_host is not None
        open_to_all = redirect_uris.on_this_machine(waiting.request.redirect_uri)
        return self.ask_to_continue and shared and open_to_all

    async def consent(self, request: Request) -> Response:
        """Take the form: approve, or anything else, which denies."""
        form = await read_form(request, self.issuer)
        waiting = await self.waiting.find(form.get("request", "")) if form else None
        session = await self.sign_in.session(request)
        if form is None or waiting is None or session is None or waiting.request.error:
            return expired()
        resource = self._resource(waiting)
        scopes = resource.carried(waiting.request.scopes, session.person.roles)
        if not is_ours(form, self.sign_in.cookies.secret_of(request), waiting.secret):
            return self.consent_page(request, waiting, session.person, scopes, status=403)
        granted = _ticked(form, scopes)
        if form.get("decision") != "approve" or not granted:
            return await self._deny(waiting)
        declined = tuple(one for one in scopes if one not in granted)
        approval = Approval(waiting, session.person.person_id, granted, declined)
        return await self.answer(approval)

    async def answer(self, approval: Approval) -> Response:
        """Issue a code and take it to the client; tell the person where that is too late."""
        code = await self.issuing.code(approval)
        if code is None:
            return expired()
        url = authorize.answer_url(approval.waiting.request, self.issuer, {"code": code})
        return RedirectResponse(url, SEE_OTHER)

    async def _deny(self, waiting: Waiting) -> Response:
        """Tell the client; nothing is remembered of a no."""
        if not await self.bus.call(lambda work: forget_request(work.rows, waiting.secret)):
            return expired()
        why = "the person said no"
        url = authorize.error_url(waiting.request, self.issuer, "access_denied", why)
        return RedirectResponse(url, SEE_OTHER)

    def consent_page(
        self,
        request: Request,
        waiting: Waiting,
        person: PersonRow,
        scopes: Scopes,
        *,
        status: int = 200,
    ) -> Response:
        """Return the page that asks; 403 where an earlier page of it was out of date."""
        return self._page("consent.html", request, waiting, person, scopes, status)

    def continue_page(
        self, request: Request, waiting: Waiting, person: PersonRow, scopes: Scopes
    ) -> Response:
        """Return the page with one button."""
        return self._page("continue.html", request, waiting, person, scopes)

    def _page(
        self,
        template: str,
        request: Request,
        waiting: Waiting,
        person: PersonRow,
        scopes: Scopes,
        status: int = 200,
    ) -> Response:
        resource = self._resource(waiting)
        return render(
            template,
            status=status,
            request=waiting.secret,
            csrf=form_token(self.sign_in.cookies.secret_of(request), waiting.secret),
            switch=f"{waiting.path}&switch=1",
            **_described(waiting),
            meanings=resource.in_words(scopes),
            groups=_grouped(resource.in_words(scopes)),
            person=person.full_name,
            username=person.username,
            resource=resource.name,
            out_of_date=status == 403,  # noqa: PLR2004 - the status of a stale form
            form_targets=waiting.form_targets,
        )

    def _resource(self, waiting: Waiting) -> Resource:
        resource = resource_at(waiting.request.resource, self.issuer)
        assert resource is not None, "a request without a fault has a resource"  # noqa: S101
        return resource


def _described(waiting: Waiting) -> dict[str, Any]:
    """Return what a page says of the client: its name, who knows it, where the answer goes."""
    uri = waiting.request.redirect_uri
    return {
        "client_name": waiting.client.shown_name,
        "document_host": waiting.client.document_host,
        "vouched": waiting.client.vouched,
        "claims_too_much": waiting.client.claims_too_much,
        "destination": redirect_uris.destination(uri),
        "on_this_machine": redirect_uris.on_this_machine(uri),
        "resource_url": waiting.request.resource,
    }


@dataclass(frozen=True, slots=True)
class _Group:
    """Scopes of one toolset, under its name; of a resource without any, all of them under none."""

    title: str
    meanings: Sequence[ScopeMeaning]


def _grouped(meanings: Sequence[ScopeMeaning]) -> list[_Group]:
    return [
        _Group(TOOLSETS[name].title if name else "", tuple(some))
        for name, some in groupby(meanings, lambda one: one.toolset)
    ]


def _ticked(form: Form, scopes: Scopes) -> Scopes:
    """Return the scopes whose boxes are ticked. A form that says nothing of scopes approves what
    was asked: no browser sends one, since the page's first box has to be ticked."""
    if not any(name.startswith(ALLOW) for name in form):
        return scopes
    return tuple(scope for scope in scopes if f"{ALLOW}{scope}" in form)
