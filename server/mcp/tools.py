"""Which tools there are at each resource, and who gets which: by scope (challenged on call), by role
and by feature flag (absent, and then as unknown as any other name). Role and flags are those that the read
of the store found that verified the token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from domain.person import Role
from domain.ports import Rows
from domain.values import Scopes
from server.bearer import AccessGrant
from server.mcp import schemas
from server.mcp.answers import Answer
from server.mcp.arguments import ArgumentCheck, Arguments
from server.mcp.catalog_queries import CatalogQueries
from server.mcp.commands import Commands
from server.mcp.definitions import ToolDefinition
from server.mcp.elicitation import Call
from server.mcp.gate import Needs
from server.mcp.request_queries import RequestQueries
from server.mcp.submitting import Submitting
from server.oauth.resources import USER, USER_READ

Run = Callable[[AccessGrant, Arguments], Awaitable[Answer]]
Query = Callable[[Rows, AccessGrant, Arguments], Answer]
Act = Callable[[AccessGrant, Arguments, Call], Awaitable[Answer]]
READING: Scopes = (USER_READ,)
WRITING: Scopes = USER.scopes
"""Who may write may read: the answer shows what was read."""


@dataclass(frozen=True, slots=True)
class ServedTool:
    """A tool, the scopes it needs, and whom it exists for: those who have one of its `roles`; `feature` None
    is always on. A tool that only asks has a `query`, over one read of the store; one that has to know
    what the person has said in a form is an `act`; any other is `run`. Arguments that are `judged` by the tool
    itself are those of whose choices it names the ones that are right for what is asked."""

    definition: ToolDefinition
    scopes: Scopes
    query: Query | None = None
    run: Run | None = None
    act: Act | None = None
    roles: tuple[Role, ...] = (Role.EMPLOYEE,)
    feature: str | None = None
    judged: tuple[str, ...] = ()
    check: ArgumentCheck = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "check", ArgumentCheck(self.definition, self.judged))

    def is_for(self, grant: AccessGrant) -> bool:
        """Say whether the tool exists for this caller."""
        there = self.feature is None or self.feature in grant.features
        return there and any(one in grant.person.roles for one in self.roles)


class Toolset:
    """The tools of one resource."""

    def __init__(self, tools: Sequence[ServedTool]) -> None:
        self._tools: Mapping[str, ServedTool] = {tool.definition.name: tool for tool in tools}

    def needs(self, name: str) -> Needs:
        """Return what says which scopes a caller needs for a tool: none for a name that is no tool's, nor
        for a tool that does not exist for him, so that a challenge tells nobody that there is one."""
        tool = self._tools.get(name)
        return lambda grant: tool.scopes if tool and tool.is_for(grant) else ()

    def listed(self, grant: AccessGrant) -> tuple[ToolDefinition, ...]:
        """Return the tools that exist for this caller, always in the same order."""
        return tuple(tool.definition for tool in self._tools.values() if tool.is_for(grant))

    def named(self, name: str) -> ServedTool | None:
        """Return a tool, whomever it exists for."""
        return self._tools.get(name)

    def find(self, name: str, grant: AccessGrant) -> ServedTool | None:
        """Return a tool if it exists for this caller."""
        tool = self._tools.get(name)
        return tool if tool and tool.is_for(grant) else None


@dataclass(frozen=True, slots=True)
class UserTools:
    """What runs the tools at ``/mcp/user``."""

    catalog: CatalogQueries
    submitting: Submitting
    commands: Commands
    requests: RequestQueries


def user_tools(run: UserTools) -> Toolset:
    """Return the tools at ``/mcp/user``: five, and those that a feature flag of their name adds."""
    catalog, requests, commands = run.catalog, run.requests, run.commands
    optional = [one.name for one in (schemas.GET, schemas.CANCEL, schemas.COMMENT)]
    get, cancel, comment = optional
    tools = (
        ServedTool(schemas.SEARCH_APPS, READING, catalog.find_apps),
        ServedTool(schemas.SEARCH_PERMISSIONS, READING, catalog.find_permissions),
        ServedTool(schemas.LIST_PERMISSIONS, READING, catalog.list_permissions),
        ServedTool(schemas.SUBMIT, WRITING, run=run.submitting, judged=("access_length",)),
        ServedTool(schemas.LIST_REQUESTS, READING, requests.find),
        ServedTool(schemas.GET, READING, requests.get, feature=get),
        ServedTool(schemas.CANCEL, WRITING, run=commands.cancel, feature=cancel),
        ServedTool(schemas.COMMENT, WRITING, run=commands.comment, feature=comment),
    )
    return Toolset(tools)
