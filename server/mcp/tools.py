"""Which tools there are at each resource, and who gets which: by scope (challenged on call), by role
and by feature flag (absent, and then as unknown as any other name)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from domain.person import Role
from domain.ports import Rows
from domain.values import Scopes
from projections.people import PersonRow
from server.bearer import AccessGrant
from server.mcp import admin, schemas
from server.mcp.admin import AdminTools
from server.mcp.answers import Answer
from server.mcp.arguments import ArgumentCheck, Arguments
from server.mcp.catalog_queries import CatalogQueries
from server.mcp.commands import Commands
from server.mcp.definitions import ToolDefinition
from server.mcp.request_queries import RequestQueries
from server.mcp.submitting import Submitting
from server.oauth.resources import ADMIN_PEOPLE_READ, ADMIN_PEOPLE_WRITE, USER, USER_READ

Run = Callable[[AccessGrant, Arguments], Awaitable[Answer]]
Query = Callable[[Rows, AccessGrant, Arguments], Answer]
READING: Scopes = (USER_READ,)
WRITING: Scopes = USER.scopes
"""Who may write may read: the answer shows what was read."""


@dataclass(frozen=True, slots=True)
class ServedTool:
    """A tool, the scopes it needs, and whom it exists for; `feature` None is always on. A tool that only
    asks has a `query`, over one read of the store; any other is `run`."""

    definition: ToolDefinition
    scopes: Scopes
    query: Query | None = None
    run: Run | None = None
    role: Role = Role.EMPLOYEE
    feature: str | None = None
    check: ArgumentCheck = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "check", ArgumentCheck(self.definition))

    def is_for(self, person: PersonRow) -> bool:
        """Say whether the tool exists for this person."""
        return self.role in person.roles


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

    def listed(self, person: PersonRow) -> tuple[ToolDefinition, ...]:
        """Return the tools that exist for this person, always in the same order."""
        return tuple(tool.definition for tool in self._tools.values() if tool.is_for(person))

    def named(self, name: str) -> ServedTool | None:
        """Return a tool, whomever it exists for."""
        return self._tools.get(name)

    def find(self, name: str, person: PersonRow) -> ServedTool | None:
        """Return a tool if it exists for this person."""
        tool = self._tools.get(name)
        return tool if tool and tool.is_for(person) else None


@dataclass(frozen=True, slots=True)
class UserTools:
    """What runs the tools at ``/mcp/user``."""

    catalog: CatalogQueries
    submitting: Submitting
    commands: Commands
    requests: RequestQueries


def user_tools(run: UserTools, features: frozenset[str]) -> Toolset:
    """Return the tools at ``/mcp/user``: five, and those that a feature flag of their name adds."""
    catalog, requests, commands = run.catalog, run.requests, run.commands
    optional = [one.name for one in (schemas.GET, schemas.CANCEL, schemas.COMMENT)]
    get, cancel, comment = optional
    tools = (
        ServedTool(schemas.SEARCH_APPS, READING, catalog.find_apps),
        ServedTool(schemas.SEARCH_PERMISSIONS, READING, catalog.find_permissions),
        ServedTool(schemas.LIST_PERMISSIONS, READING, catalog.list_permissions),
        ServedTool(schemas.SUBMIT, WRITING, run=run.submitting),
        ServedTool(schemas.LIST_REQUESTS, READING, requests.find),
        ServedTool(schemas.GET, READING, requests.get, feature=get),
        ServedTool(schemas.CANCEL, WRITING, run=commands.cancel, feature=cancel),
        ServedTool(schemas.COMMENT, WRITING, run=commands.comment, feature=comment),
    )
    return Toolset(tools, features)


def admin_tools(run: AdminTools) -> Toolset:
    """Return the tools at ``/mcp/admin``."""
    reading: Scopes = (ADMIN_PEOPLE_READ,)
    writing: Scopes = (ADMIN_PEOPLE_READ, ADMIN_PEOPLE_WRITE)
    role = Role.ADMINISTRATOR
    tools = (
        ServedTool(admin.LIST_CONNECTIONS, reading, run=run.list_connections, role=role),
        ServedTool(admin.DISCONNECT, writing, run=run.disconnect, role=role),
    )
    return Toolset(tools, frozenset())
