"""The page of roles: who has one beyond every employee's, and one person's with the buttons to give and take."""

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
from projections.people import people_by_id
from server.admin_pages.gate import ROLES, Frame, Gate, version_of, what
from server.command_bus import CommandBus, CommandContext
from server.pages import render
from server.pages.forms import Form, form_token
from server.pages.words import minute
from server.people.roles import PersonRoles, RoleChange, RoleWish, change_role, roles_of
from server.reads import Reads
from server.request_bodies import storable

GRANT, REVOKE = "grant", "revoke"
WORDS = {
    Role.EMPLOYEE: "asks for access, through AI clients and here",
    Role.APPROVER: "is one of those who decide on requests",
    Role.ADMINISTRATOR: "administers Doorward, here and through AI clients",
    Role.AUDITOR: "sees the audit trail",
}
MOST = 200
"""Holders of a role that the page lists."""
NOBODY = "Nobody has this id or user name."


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
        if asked:
            try:
                told = await to_thread.run_sync(roles_of, self.store, asked)
                names = await self.reads.query(lambda rows: _names(rows, told))
                person = _shown(told, names, cookie)
            except UnknownPerson:
                fault = NOBODY
        status = 404 if fault else 200
        more = {"asked": asked, "holders": found, "person": person, "fault": fault}
        return render("admin_roles.html", status=status, **more, **frame)

    async def _take(self, form: Form, context: CommandContext) -> str:
        person = form.get("person", "")
        if form.get("role") not in set(Role):
            raise MalformedText("role")
        held = form.get("wish") == GRANT
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


def _names(rows: Rows, told: PersonRoles) -> dict[str, str]:
    found = people_by_id(rows, {one.by for one in told.changes if one.by})
    return {key: one.full_name for key, one in found.items()}


def _shown(told: PersonRoles, names: dict[str, str], cookie: str) -> dict[str, Any]:
    person = told.person
    roles = []
    for role in Role:
        wish = REVOKE if role in person.roles else GRANT
        token = form_token(cookie, what(ROLES, person.person_id, role, wish))
        held = wish == REVOKE
        roles.append(
            {"name": role, "words": WORDS[role], "held": held, "wish": wish, "csrf": token}
        )
    return {
        "id": person.person_id,
        "name": person.full_name,
        "username": person.username,
        "disabled": person.disabled,
        "version": told.version,
        "roles": roles,
        "changes": [_told(one, names) for one in told.changes],
    }


def _told(one: RoleChange, names: dict[str, str]) -> dict[str, str]:
    by = names.get(one.by, one.by) if one.by else "An operator"
    done = "gave the role" if one.held else "took the role"
    return {"sentence": f"{by} {done} {one.role}", "day": minute(one.at)}
