"""The page of roles: who has one beyond every employee's, and one person's with the buttons to give and take, and to
give back to the directory what was decided by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from domain.errors import MalformedText, UnknownPerson
from domain.person import Role
from domain.ports import EventStore, Rows
from projections.memberships import holders_of
from projections.people import PersonRow, people_by_id
from projections.people_search import SoughtPeople, people_sought
from server.admin_pages.gate import ROLES, Gate, version_of, what
from server.command_bus import CommandBus, CommandContext
from server.pages import render
from server.pages.forms import Form, form_token
from server.pages.frame import Frame
from server.pages.words import minute
from server.people.roles import PersonRoles, RoleChange, RoleWish, change_role, roles_of
from server.reads import Reads
from server.request_bodies import storable

GRANT, REVOKE, RELEASE = "grant", "revoke", "release"
WISHES: dict[str, bool | None] = {GRANT: True, REVOKE: False, RELEASE: None}
DONE = {True: "gave the role {}", False: "took the role {}", None: "released the role {}"}
WORDS = {
    Role.EMPLOYEE: "asks for access, through AI clients and here",
    Role.APPROVER: "is one of those who decide on requests",
    Role.ADMINISTRATOR: "administers Doorward, here and through AI clients",
    Role.AUDITOR: "sees the audit trail",
}
MOST = 200
"""Holders of a role that the page lists."""
NOBODY = "Nobody has this name, user name or id."
MOST_LIKE = 20
"""People whom the page offers where what was asked for is not one person."""


@dataclass(frozen=True, slots=True)
class RolesPage:
    """``/admin/roles``."""

    store: EventStore
    bus: CommandBus
    reads: Reads
    gate: Gate

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        taking = self.gate.form(("person", "role", "wish"), self._take)
        return [
            Route(ROLES, self.gate.page(self._show), methods=["GET"]),
            Route(ROLES, taking, methods=["POST"]),
        ]

    async def _show(self, request: Request, frame: Frame) -> Response:
        cookie, fault = frame.pop("cookie"), ""
        asked = storable(request.query_params.get("person", "")).strip()[:200]
        found, person = await self.reads.query(_holders), None
        like: list[PersonRow] = []
        if asked:
            try:
                told = await to_thread.run_sync(roles_of, self.store, asked)
                names = await self.reads.query(lambda rows: _names(rows, told))
                person = _shown(told, names, cookie)
            except UnknownPerson:
                like = await self.reads.query(lambda rows: _like(rows, asked))
                fault = "" if like else NOBODY
        status = 404 if fault else 200
        more = {"asked": asked, "like": like, "holders": found, "person": person, "fault": fault}
        return render("admin_roles.html", status=status, **more, **frame)

    async def _take(self, form: Form, context: CommandContext) -> str:
        person = form.get("person", "")
        if form.get("role") not in set(Role):
            raise MalformedText("role")
        if form.get("wish") not in WISHES:
            raise MalformedText("wish")
        held = WISHES[form["wish"]]
        wish = RoleWish(person, Role(form["role"]), held, version_of(form))
        await self.bus.call(lambda work: change_role(work, wish, context))
        return f"{ROLES}?{urlencode({'person': person, 'done': 1})}"


def _holders(rows: Rows) -> list[dict[str, Any]]:
    roles = [one for one in Role if one is not Role.EMPLOYEE]
    found = {role: holders_of(rows, role) for role in roles}
    return [
        {
            "role": role,
            "people": sorted(
                people_by_id(rows, found[role][:MOST]).values(),
                key=lambda one: (one.full_name, one.person_id),
            ),
            "more": max(0, len(found[role]) - MOST),
        }
        for role in roles
    ]


def _like(rows: Rows, asked: str) -> list[PersonRow]:
    """Return people of whom a name begins with what was asked for."""
    return list(people_sought(rows, SoughtPeople(asked), 1, MOST_LIKE).items)


def _names(rows: Rows, told: PersonRoles) -> dict[str, str]:
    found = people_by_id(rows, {one.by for one in told.changes if one.by})
    return {key: one.full_name for key, one in found.items()}


def _shown(told: PersonRoles, names: dict[str, str], cookie: str) -> dict[str, Any]:
    person = told.person

    def card(role: Role) -> dict[str, Any]:
        by_hand, held = role in told.by_hand, role in person.roles
        wishes = [REVOKE if held else GRANT, *([RELEASE] if by_hand else [])]
        return {
            "name": role,
            "words": WORDS[role],
            "held": held,
            "by_hand": by_hand,
            "described": role in told.described,
            "wishes": [
                (wish, form_token(cookie, what(ROLES, person.person_id, role, wish)))
                for wish in wishes
            ],
        }

    return {
        "id": person.person_id,
        "name": person.full_name,
        "username": person.username,
        "disabled": person.disabled,
        "version": told.version,
        "roles": [card(role) for role in Role],
        "changes": [_told(one, names) for one in told.changes],
    }


def _told(one: RoleChange, names: dict[str, str]) -> dict[str, str]:
    by = names.get(one.by, one.by) if one.by else "An operator"
    return {"sentence": f"{by} {DONE[one.held].format(one.role)}", "day": minute(one.at)}
