"""Break-glass: access at once where policy allows it, judged afterwards by others. It is asked for here,
by a person who has read what it means, and never by a tool: a model that was talked into it must not be
able to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType

from starlette.requests import Request as HttpRequest
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.access_request import SubmitRequest, request_of_stream
from domain.errors import MalformedText, Refused
from domain.lengths import format_length
from domain.policy import Policy
from domain.ports import Clock, NewId, Rows
from domain.values import Actor, AppId, PermissionId, PersonId, RequestId, Via
from projections.catalog.governed import GovernedItem, governed_items
from projections.people import PersonRow
from projections.policies import policy_for
from server.command_bus import CommandBus, CommandContext
from server.errors import status_of
from server.pages import SEE_OTHER, render
from server.pages.forms import Form, form_token, is_ours, read_form
from server.pages.frame import frame
from server.pages.refusals import NOTHING, words
from server.reads import Reads
from server.request_bodies import storable
from server.sign_in.endpoint import SignIn, expired

EMERGENCY = "/emergency"
OK = 200
MOST_LOOKED_AT, MOST_SHOWN = 2_000, 100
"""So many entries of the catalog are looked at and shown; ``?app=ID`` asks for those of one app."""


@dataclass(frozen=True, slots=True)
class Emergency:
    """``/emergency``."""

    bus: CommandBus
    reads: Reads
    sign_in: SignIn
    clock: Clock
    new_id: NewId

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route(EMERGENCY, self.show, methods=["GET"]),
            Route(EMERGENCY, self.take, methods=["POST"]),
        ]

    async def show(self, request: HttpRequest) -> Response:
        """Show what this person may take in an emergency, and what that means."""
        session = await self.sign_in.session(request)
        if session is None:
            return await self.sign_in.page(request, EMERGENCY)
        app_id = storable(request.query_params.get("app", "")) or None
        return await self._shown(request, session.person, app_id)

    async def _shown(
        self,
        request: HttpRequest,
        person: PersonRow,
        app_id: str | None,
        given: Form = MappingProxyType({}),
        refusal: Refused | None = None,
    ) -> Response:
        """Return the page, with the form that was refused as it was filled in."""
        cookie = self.sign_in.cookies.secret_of(request)
        offered = await self.reads.query(lambda rows: _offered(rows, person, app_id))
        return render(
            "emergency.html",
            status=status_of(refusal) if refusal else OK,
            **frame(person, cookie, EMERGENCY),
            offered=offered[:MOST_SHOWN],
            more=len(offered) > MOST_SHOWN,
            csrf=form_token(cookie, EMERGENCY),
            given=given,
            wrong=words(refusal) if refusal else NOTHING,
        )

    async def take(self, request: HttpRequest) -> Response:
        """Submit it."""
        session, form = (
            await self.sign_in.session(request),
            await read_form(request, self.sign_in.issuer),
        )
        cookie = self.sign_in.cookies.secret_of(request)
        if form is None or session is None or not is_ours(form, cookie, EMERGENCY):
            return expired(EMERGENCY)
        person = session.person.person_id
        try:
            command = self._submission(person, form)
            context = CommandContext(Actor(Via.WEB, person), command.now, self.new_id())
            done = await self.bus.execute(command, context)
        except Refused as refusal:
            # The form's own app, since what it names may be beyond what the whole page shows.
            app_id = form.get("item", "").partition(" ")[0] or None
            return await self._shown(request, session.person, app_id, form, refusal)
        where = f"/requests/{request_of_stream(done.stream)}"
        what = "emergency" if done.changed else "open"
        return RedirectResponse(f"{where}?done={what}", SEE_OTHER)

    def _submission(self, person: PersonId, form: Form) -> SubmitRequest:
        app_id, _, permission_id = form.get("item", "").partition(" ")
        if not app_id:
            raise MalformedText("item")
        prefix = "field:"
        return SubmitRequest(
            request_id=RequestId(self.new_id()),
            requester=person,
            target=person,
            app_id=AppId(app_id),
            permission_ids=(PermissionId(permission_id),) if permission_id else (),
            justification=form.get("justification"),
            now=self.clock(),
            answers=tuple(
                (name.removeprefix(prefix), text)
                for name, text in form.items()
                if name.startswith(prefix) and text
            ),
            emergency=True,
        )


def _offered(rows: Rows, person: PersonRow, app_id: str | None) -> list[dict[str, object]]:
    # Thousands of entries have a few policies between them.
    policy_of = cache(partial(policy_for, rows))
    return [
        shown
        for item in governed_items(rows, person.groups, app_id, MOST_LOOKED_AT)
        if (shown := _shown(person, item, policy_of(item.policy, item.app_policy))) is not None
    ]


def _shown(person: PersonRow, item: GovernedItem, policy: Policy) -> dict[str, object] | None:
    """Return the item if its policy lets this person break the glass."""
    rule = policy.break_glass
    if rule is None or not set(rule.groups) & set(person.groups):
        return None
    return {
        "value": f"{item.app_id} {item.permission_id or ''}".strip(),
        "label": item.label,
        "longest": format_length(rule.longest_seconds),
        "fields": [
            {"id": one.field_id, "prompt": one.prompt or one.field_id, "required": one.required}
            for one in policy.fields
        ],
    }
