"""``/catalog/app``: shows an app's page, and takes its form: what it would lead to, or the request
itself. The decider is the one that judges submissions of AI clients, and its refusals are told in words
for people beside what was filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from starlette.requests import Request as HttpRequest
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.access_request import SubmitRequest, request_of_stream
from domain.errors import AlreadyHeld, OnBehalfNotAllowed, Refused
from domain.lengths import UNLIMITED
from domain.ports import Clock, NewId, Rows
from domain.values import Actor, AppId, PermissionId, PersonId, RequestId, Via
from projections.people import PersonRow, person_by_name_as_typed
from server.catalog_pages.app_page import SCRIPT, AppPage, Filled, app_id_of, no_such_app
from server.catalog_pages.cards import app_url
from server.command_bus import CommandBus, CommandContext, Executed
from server.errors import status_of
from server.mcp.previewing import preview
from server.pages import SEE_OTHER, script
from server.pages.forms import is_ours, read_fields
from server.pages.refusals import words
from server.reads import Reads
from server.request_bodies import storable
from server.sign_in.endpoint import SignIn, expired

APP = "/catalog/app"
PREFIX = "field:"


@dataclass(frozen=True, slots=True)
class Requesting:
    """The page of one app and its form."""

    bus: CommandBus
    reads: Reads
    sign_in: SignIn
    page: AppPage
    clock: Clock
    new_id: NewId

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route(APP, self.show, methods=["GET"]),
            Route(APP, self.take, methods=["POST"]),
            Route(f"/assets/{SCRIPT}", self.script, methods=["GET"]),
        ]

    async def show(self, request: HttpRequest) -> Response:
        """Show the app; ``pick`` names a permission that is ticked already."""
        session = await self.sign_in.session(request)
        if session is None:
            return await self.sign_in.page(request, app_url(app_id_of(request)))
        picked = frozenset(filter(None, [storable(request.query_params.get("pick", ""))]))
        return await self._shown(request, session.person, Filled(picked))

    async def take(self, request: HttpRequest) -> Response:
        """Take the form: ``do`` says whether to show the rules for what is ticked, what the request would
        lead to, or to submit it."""
        session = await self.sign_in.session(request)
        fields = await read_fields(request, self.sign_in.issuer)
        cookie = self.sign_in.cookies.secret_of(request)
        if session is None or fields is None:
            return expired(app_url(app_id_of(request)))
        form = {name: values[0] for name, values in fields.items()}
        if not is_ours(form, cookie, app_id_of(request)):
            return expired(app_url(app_id_of(request)))
        filled = Filled(frozenset(filter(None, fields.get("permission", ()))), form)
        if form.get("do") == "choose":
            return await self._shown(request, session.person, filled)
        return await self._judged(request, session.person, filled)

    async def script(self, _request: HttpRequest) -> Response:
        """Return the script that shows the rules for what is ticked at once."""
        return script(SCRIPT)

    async def _judged(self, request: HttpRequest, person: PersonRow, filled: Filled) -> Response:
        dry_run = filled.fields.get("do") != "submit"
        actor = Actor(Via.WEB, person.person_id)
        try:
            command = await self._submission(person, app_id_of(request), filled)
            context = CommandContext(actor, command.now, self.new_id())
            done = await self.bus.execute(command, context, dry_run=dry_run)
        except AlreadyHeld as refusal:
            return _onward(refusal.request_id, "held")
        except Refused as refusal:
            again = replace(filled, wrong=words(refusal))
            return await self._shown(request, person, again, status=status_of(refusal))
        if dry_run and done.changed:
            return await self._previewed(request, person, filled, done)
        return _onward(request_of_stream(done.stream), "submitted" if done.changed else "open")

    async def _submission(self, person: PersonRow, app_id: str, filled: Filled) -> SubmitRequest:
        form, picked = filled.fields, filled.picked
        length = form.get("length", "")
        rules = await self.reads.query(lambda rows: self.page.rules(rows, person, app_id, picked))
        # The page may show a field that goes with another tick: what stands in it is no answer.
        answers = ((one.field_id, form.get(f"{PREFIX}{one.field_id}", "")) for one in rules.fields)
        return SubmitRequest(
            request_id=RequestId(self.new_id()),
            requester=person.person_id,
            target=await self._target(person, form.get("target", "").strip()),
            app_id=AppId(app_id),
            permission_ids=tuple(map(PermissionId, sorted(picked))),
            justification=form.get("justification", "").strip() or None,
            now=self.clock(),
            access_seconds=_seconds(length),
            length_given=bool(length),
            answers=tuple((name, text) for name, text in answers if text.strip()),
        )

    async def _target(self, person: PersonRow, username: str) -> PersonId:
        if not username:
            return person.person_id
        found = await self.reads.query(lambda rows: person_by_name_as_typed(rows, username))
        if found is None:
            raise OnBehalfNotAllowed(username)
        return found.person_id

    async def _previewed(
        self, request: HttpRequest, person: PersonRow, filled: Filled, done: Executed
    ) -> Response:
        shown, sentence = await self.reads.query(lambda rows: preview(rows, done.events))
        told = {"sentence": sentence, "warnings": shown["warnings"]}
        return await self._shown(request, person, replace(filled, preview=told))

    async def _shown(
        self, request: HttpRequest, person: PersonRow, filled: Filled, status: int = 200
    ) -> Response:
        def look(rows: Rows) -> dict[str, object] | None:
            return self.page.values(rows, person, request, filled)

        values = await self.reads.query(look)
        if values is None:
            return no_such_app()
        cookie = self.sign_in.cookies.secret_of(request)
        return self.page.render(request, person, cookie, values, status)


def _onward(request_id: str, what: str) -> Response:
    """Lead to the request's page, which says what was done."""
    return RedirectResponse(f"/requests/{request_id}?done={what}", SEE_OTHER)


def _seconds(length: str) -> int | None:
    """Return the asked length, None for one without an end; what no page offers is no length."""
    if length in ("", UNLIMITED):
        return None
    return int(length) if re.fullmatch(r"[1-9][0-9]{0,10}", length) else 0
