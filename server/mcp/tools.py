"""Which tools there are at each resource, and who gets which: by scope (challenged on call), by role
and by feature flag (absent, and then as unknown as any other name)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from mcp.types import Tool

from domain.person import Role
from domain.values import Scopes
from projections.people import PersonRow
from server.bearer import AccessGrant
from server.mcp import admin, queries, schemas
from server.mcp.admin import AdminTools
from server.mcp.arguments import Arguments
from server.mcp.commands import Commands
from server.mcp.queries import Answer, Query
from server.oauth.resources import ADMIN_PEOPLE_READ, ADMIN_PEOPLE_WRITE, USER, USER_READ
from server.reads import Reads

Run = Callable[[AccessGrant, Arguments], Awaitable[Answer]]
CANCELLING = "cancel_access_request"
READING: Scopes = (USER_READ,)
WRITING: Scopes = USER.scopes
"""Who may write may read: the answer shows what was read."""


@dataclass(frozen=True, slots=True)
class ServedTool:
    """A tool, the scopes it needs, and whom it exists for; `feature` None is always on."""

    definition: Tool
    run: Run
    scopes: Scopes
    role: Role = Role.EMPLOYEE
    feature: str | None = None


class Toolset:
    """The tools of one resource."""

    def __init__(self, tools: Sequence[ServedTool], features: frozenset[str]) -> None:
        self._tools: Mapping[str, ServedTool] = {
            tool.definition.name: tool
            for tool in tools
            if tool.feature is None or tool.feature in features
        }

    def scopes_of(self, name: str) -> Scopes:
        """Return the scopes that a tool needs; none for a name that is no tool's."""
        tool = self._tools.get(name)
        return tool.scopes if tool else ()

    def listed(self, person: PersonRow) -> list[Tool]:
        """Return the tools that exist for this person, always in the same order."""
        return [tool.definition for tool in self._tools.values() if tool.role in person.roles]

    def find(self, name: str, person: PersonRow) -> ServedTool | None:
        """Return a tool if it exists for this person."""
        tool = self._tools.get(name)
        return tool if tool and tool.role in person.roles else None


def user_tools(reads: Reads, commands: Commands, features: frozenset[str]) -> Toolset:
    """Return the tools at ``/mcp/user``."""

    def query(ask: Query) -> Run:
        async def run(grant: AccessGrant, arguments: Arguments) -> Answer:
            return await reads.query(lambda rows: ask(rows, grant.person, arguments))

        return run

    tools = (
        ServedTool(schemas.SEARCH_APPS, query(queries.find_apps), READING),
        ServedTool(schemas.SEARCH_PERMISSIONS, query(queries.find_permissions), READING),
        ServedTool(schemas.LIST_PERMISSIONS, query(queries.list_permissions), READING),
        ServedTool(schemas.SUBMIT, commands.submit, WRITING),
        ServedTool(schemas.LIST_REQUESTS, query(queries.find_requests), READING),
        ServedTool(schemas.CANCEL, commands.cancel, WRITING, feature=CANCELLING),
    )
    return Toolset(tools, features)


def admin_tools(run: AdminTools) -> Toolset:
    """Return the tools at ``/mcp/admin``."""
    reading: Scopes = (ADMIN_PEOPLE_READ,)
    writing: Scopes = (ADMIN_PEOPLE_READ, ADMIN_PEOPLE_WRITE)
    role = Role.ADMINISTRATOR
    tools = (
        ServedTool(admin.LIST_CONNECTIONS, run.list_connections, reading, role),
        ServedTool(admin.DISCONNECT, run.disconnect, writing, role),
    )
    return Toolset(tools, frozenset())
