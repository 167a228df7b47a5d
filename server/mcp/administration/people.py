"""The toolset `people`: who is who, what each may do in Doorward itself, which clients act for whom, and what is
forgotten."""

from __future__ import annotations

from server.mcp.administration import people_changing as change
from server.mcp.administration.backing import Backing
from server.mcp.administration.changing import Planner, changes
from server.mcp.administration.connections import connection_tools
from server.mcp.administration.defining import asks
from server.mcp.administration.people_reading import FIND, GET, Getting, find
from server.mcp.definitions import ToolDefinition
from server.mcp.tools import ServedTool

NAME = "people"


def tools(backing: Backing) -> tuple[ServedTool, ...]:
    """Return the tools."""
    plans: tuple[tuple[ToolDefinition, Planner], ...] = (
        (change.PUT, change.Putting(backing)),
        (change.DISABLE, change.disabling),
        (change.ENABLE, change.enabling),
        (change.GRANT_ROLE, change.granting),
        (change.REVOKE_ROLE, change.revoking),
        (change.RELEASE_ROLE, change.releasing),
        (change.FORGET, change.Forgetting(backing)),
    )
    return (
        asks(NAME, FIND, find),
        asks(NAME, GET, run=Getting(backing)),
        *(changes(NAME, definition, planner, backing) for definition, planner in plans),
        *connection_tools(backing),
    )
