"""The administrators' tools: which AI clients act for which people, and the end of that."""

from __future__ import annotations

from dataclasses import dataclass

from domain.errors import UnknownConnection, UnknownPerson
from domain.values import Actor, PersonId, Via
from projections.columns import instant, maybe_instant
from projections.people import person_by_id, person_by_username
from server.bearer import AccessGrant
from server.mcp.answers import Answer, Json
from server.mcp.arguments import Arguments
from server.mcp.definitions import Hints, ToolDefinition
from server.mcp.schemas import (
    Schema,
    closed_input,
    identifier_field,
    list_output,
    paging,
    text_field,
)
from server.oauth.connections import Connection, Connections
from server.reads import Reads

CONNECTION: Schema = {
    "type": "object",
    "properties": {
        "id": text_field(),
        "person_id": text_field(),
        "person_name": text_field(),
        "username": text_field(),
        "client_id": text_field(),
        "client_name": text_field(),
        "resource": text_field(),
        "returns_to": text_field(),
        "scopes": {"type": "array", "items": text_field()},
        "connected_at": text_field(),
        "last_used_at": {"type": ["string", "null"]},
        "sessions": {"type": "integer", "minimum": 0},
    },
    "required": ["id", "person_id", "client_id", "client_name", "scopes", "connected_at"],
}
LIST_CONNECTIONS = ToolDefinition(
    name="list_connected_clients",
    title="List connected clients",
    description="List which AI clients act for which people, the newest connection first.",
    input_schema=closed_input(
        [],
        person={**identifier_field(), "description": "Only this person's: an id or user name."},
        **paging(),
    ),
    output_schema=list_output(CONNECTION),
    annotations=Hints(read_only=True),
)
DISCONNECT = ToolDefinition(
    name="disconnect_client",
    title="Disconnect a client",
    description=(
        "End a connection: the consent is revoked and all its tokens die at once. The person may "
        "connect the client again. Name the client and the person to the user before calling."
    ),
    input_schema=closed_input(["connection_id"], connection_id=identifier_field()),
    output_schema={
        "type": "object",
        "properties": {"disconnected": {"type": "boolean"}},
        "required": ["disconnected"],
    },
    annotations=Hints(read_only=False, destructive=True, idempotent=True),
)


@dataclass(frozen=True, slots=True)
class AdminTools:
    """Runs the tools, each for one administrator."""

    reads: Reads
    connections: Connections

    async def list_connections(self, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer list_connected_clients."""
        whose = await self._person(arguments["person"]) if "person" in arguments else None
        page = await self.connections.of(whose, arguments["page"], arguments["size"])
        fields: Json = {
            "items": [_shown(one) for one in page.items],
            "total": page.total,
            "page": page.page,
            "size": page.size,
            "pages": page.pages,
        }
        if not page.items:
            fields["empty_reason"] = "No AI client is connected."
        lines = [f"{one.person_name}: {one.client_name} ({one.consent_id})" for one in page.items]
        return Answer(fields, "\n".join(lines) or "No AI client is connected.")

    async def disconnect(self, grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer disconnect_client."""
        connection_id = arguments["connection_id"]
        actor = Actor(Via.MCP, grant.person.person_id, grant.client, grant.consent_id)
        if not await self.connections.disconnect(connection_id, actor, None):
            raise UnknownConnection(connection_id)
        return Answer({"disconnected": True}, "Disconnected: its tokens are dead.")

    async def _person(self, named: str) -> PersonId:
        row = await self.reads.query(
            lambda rows: person_by_id(rows, named) or person_by_username(rows, named)
        )
        if row is None:
            raise UnknownPerson(named)
        return row.person_id


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
