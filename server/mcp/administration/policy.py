"""The toolset `policy`: the rules for requests, what they do, what others would have done, and changes of them."""

from __future__ import annotations

from server.mcp.administration import policy_planning as planning
from server.mcp.administration import policy_schemas as schemas
from server.mcp.administration.backing import Backing
from server.mcp.administration.changing import changes
from server.mcp.administration.defining import asks
from server.mcp.administration.policy_reading import PolicyReading
from server.mcp.tools import ServedTool
from server.turns import Turns

WAITING = 4
"""How many wait to try policies, while one does."""


def tools(backing: Backing) -> tuple[ServedTool, ...]:
    """Return the tools."""
    reading, toolset = PolicyReading(backing.system, Turns(1, waiting=WAITING)), "policy"
    return (
        asks(toolset, schemas.LIST, reading.list),
        asks(toolset, schemas.GET, reading.get),
        asks(toolset, schemas.EXPLAIN, run=reading.explain),
        asks(toolset, schemas.SIMULATE, run=reading.simulate),
        changes(toolset, schemas.PUT, planning.put_policy, backing),
        changes(toolset, schemas.ASSIGN, planning.assign_policy, backing),
        changes(toolset, schemas.RETIRE, planning.retire_policy, backing),
    )
