"""Which tools there are, and who gets which: by scope (challenged on call), by role and by feature
flag (absent, and then as unknown as any other name)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from mcp.types import Tool

from domain.person import Role
from domain.values import Scopes
from projections.people import PersonRow
from server.bearer import AccessGrant
from server.mcp import queries, schemas
from server.mcp.arguments import Arguments
from server.mcp.commands import Commands
from server.mcp.queries import Answer, Query
from server.oauth.metadata import USER_READ, USER_SCOPES
from server.reads import Reads

Run = Callable[[AccessGrant, PersonRow, Arguments], Awaitable[Answer]]
CANCELLING = "cancel_access_request"
READING: Scopes = (USER_READ,)
WRITING: Scopes = USER_SCOPES
"""Who may write may read: the answer shows what was read."""


@dataclass(frozen=True, slots=True)
class UserTool:
    """A tool, the scopes it needs, and whom it exists for; `feature` None is always on."""

    definition: Tool
    run: Run
    scopes: Scopes
    role: Role = Role.EMPLOYEE
    feature: str | None = None


class UserTools:
    """The tools at ``/mcp/user``."""

    def __init__(self, reads: Reads, commands: Commands, features: frozenset[str]) -> None:
        self._reads = reads
        tools = (
            UserTool(schemas.SEARCH_APPS, self._query(queries.find_apps), READING),
            UserTool(schemas.SEARCH_PERMISSIONS, self._query(queries.find_permissions), READING),
            UserTool(schemas.LIST_PERMISSIONS, self._query(queries.list_permissions), READING),
            UserTool(schemas.SUBMIT, commands.submit, WRITING),
            UserTool(schemas.LIST_REQUESTS, self._query(queries.find_requests), READING),
            UserTool(schemas.CANCEL, commands.cancel, WRITING, feature=CANCELLING),
        )
        self._tools: Mapping[str, UserTool] = {
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

    def find(self, name: str, person: PersonRow) -> UserTool | None:
        """Return a tool if it exists for this person."""
        tool = self._tools.get(name)
        return tool if tool and tool.role in person.roles else None

    def _query(self, ask: Query) -> Run:
        async def run(_grant: AccessGrant, person: PersonRow, arguments: Arguments) -> Answer:
            return await self._reads.query(lambda rows: ask(rows, person, arguments))

        return run
