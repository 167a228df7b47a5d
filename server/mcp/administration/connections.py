"""Which AI clients act for which people, and the end of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.consent import RevokeConsent, StandingConsent
from domain.errors import UnknownConnection
from projections.columns import instant, maybe_instant
from projections.consents import consent_by_id
from projections.people import person_by_id
from server.bearer import AccessGrant
from server.command_bus import UnitOfWork
from server.mcp.administration.backing import Backing
from server.mcp.administration.changing import Plan, changes
from server.mcp.administration.defining import MAYBE, TEXT, asking, asks, destroying
from server.mcp.administration.persons import PERSON, whom
from server.mcp.answers import Answer, Json, line, listing
from server.mcp.arguments import Arguments
from server.mcp.schemas import Schema, closed_input, identifier_field, list_output, paging
from server.mcp.tools import ServedTool
from server.oauth.connections import Connection

CONNECTION: Schema = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "person_id": TEXT,
        "person_name": TEXT,
        "username": TEXT,
        "client_id": TEXT,
        "client_name": TEXT,
        "resource": TEXT,
        "returns_to": TEXT,
        "scopes": {"type": "array", "items": TEXT},
        "connected_at": TEXT,
        "last_used_at": MAYBE,
        "sessions": {"type": "integer", "minimum": 0},
    },
    "required": ["id", "person_id", "client_id", "client_name", "scopes", "connected_at"],
}
LIST_CONNECTIONS = asking(
    "list_connected_clients",
    "List connected clients",
    "List which AI clients act for which people, the newest connection first.",
    closed_input([], person=PERSON, **paging()),
    list_output(CONNECTION),
)
DISCONNECT = destroying(
    "disconnect_client",
    "Disconnect a client",
    "End a connection: the consent is revoked and all its tokens die at once. The person may connect the "
    "client again.",
    ["connection_id"],
    connection_id=identifier_field(),
)
NOBODY = "No AI client is connected."


def connection_tools(backing: Backing) -> tuple[ServedTool, ...]:
    """Return the tools."""
    return (
        asks("people", LIST_CONNECTIONS, run=Listing(backing)),
        changes("people", DISCONNECT, disconnection, backing),
    )


@dataclass(frozen=True, slots=True)
class Listing:
    """Runs list_connected_clients."""

    backing: Backing

    async def __call__(self, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer the tool."""
        person = None
        if "person" in arguments:
            named: str = arguments["person"]
            person = (
                await self.backing.system.reads.query(lambda rows: whom(rows, named))
            ).person_id
        connections = self.backing.connections
        page = await connections.of(person, arguments["page"], arguments["size"])
        lines = [
            line(one.consent_id, one.client_name, f"for {one.username}") for one in page.items
        ]
        return listing(page, list(map(_shown, page.items)), NOBODY, lines, "connection")


def disconnection(work: UnitOfWork, _grant: AccessGrant, arguments: Arguments) -> Plan:
    """Plan disconnect_client."""
    row = consent_by_id(work.rows, arguments["connection_id"])
    if row is None:
        raise UnknownConnection(arguments["connection_id"])
    person = person_by_id(work.rows, row.person)
    who = person.username if person else row.person
    return Plan(
        RevokeConsent(row.consent_id),
        f"{row.client_name} of {who}",
        f"{row.client_name} can no longer act for {who}: all its tokens die at once.",
        _consent,
    )


def _consent(state: Any) -> Json:
    standing = isinstance(state, StandingConsent)
    return {"connected": standing, "scopes": list(state.scopes) if standing else []}


def _shown(one: Connection) -> Json:
    return {
        "id": one.consent_id,
        "person_id": one.person,
        "person_name": one.person_name,
        "username": one.username,
        "client_id": one.client_id,
        "client_name": one.client_name,
        "resource": one.resource,
        "returns_to": one.redirect_origin,
        "scopes": list(one.scopes),
        "connected_at": instant(one.connected_at),
        "last_used_at": maybe_instant(one.used_at),
        "sessions": one.sessions,
    }
