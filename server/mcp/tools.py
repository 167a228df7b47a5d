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
from server.mcp import admin, schemas
from server.mcp.admin import AdminTools
from server.mcp.answers import Answer, Query
from server.mcp.arguments import Arguments
from server.mcp.catalog_queries import CatalogQueries
from server.mcp.commands import Commands
from server.mcp.request_queries import RequestQueries
from server.mcp.submitting import Submitting
from server.oauth.resources import ADMIN_PEOPLE_READ, ADMIN_PEOPLE_WRITE, USER, USER_READ
from server.reads import Reads

Run = Callable[[AccessGrant, Arguments], Awaitable[Answer]]
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


@dataclass(frozen=True, slots=True)
class UserTools:
    """What runs the tools at ``/mcp/user``."""

    reads: Reads
    catalog: CatalogQueries
    submitting: Submitting
    commands: Commands
    requests: RequestQueries


def user_tools(run: UserTools, features: frozenset[str]) -> Toolset:
    """Return the tools at ``/mcp/user``: five, and those that a feature flag of their name adds."""

    def query(ask: Query) -> Run:
        async def answer(grant: AccessGrant, arguments: Arguments) -> Answer:
            return await run.reads.query(lambda rows: ask(rows, grant.person, arguments))

        return answer

    requests, commands = run.requests, run.commands
    tools = (
        ServedTool(schemas.SEARCH_APPS, query(run.catalog.find_apps), READING),
        ServedTool(schemas.SEARCH_PERMISSIONS, query(run.catalog.find_permissions), READING),
        ServedTool(schemas.LIST_PERMISSIONS, query(run.catalog.list_permissions), READING),
        ServedTool(schemas.SUBMIT, run.submitting, WRITING),
        ServedTool(schemas.LIST_REQUESTS, requests.find, READING),
        _optional(schemas.GET, requests.get, READING),
        _optional(schemas.CANCEL, commands.cancel, WRITING),
        _optional(schemas.COMMENT, commands.comment, WRITING),
    )
    return Toolset(tools, features)


def _optional(definition: Tool, run: Run, scopes: Scopes) -> ServedTool:
    return ServedTool(definition, run, scopes, feature=definition.name)


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
