"""The toolset `requests`: everybody's access requests."""

from __future__ import annotations

from domain.feature import DECIDE_BY_CLIENT
from server.mcp.administration.backing import Backing
from server.mcp.administration.changing import changes
from server.mcp.administration.defining import asks
from server.mcp.administration.requests_changing import DECIDE, Planning
from server.mcp.administration.requests_reading import FIND, GET, Getting, find
from server.mcp.tools import ServedTool

NAME = "requests"


def tools(backing: Backing) -> tuple[ServedTool, ...]:
    """Return the tools. The one that decides is as unknown as any other name while its feature is off."""
    planning = Planning(backing)
    return (
        asks(NAME, FIND, find),
        asks(NAME, GET, Getting(backing.system.settings.issuer)),
        *(changes(NAME, one, planner, backing) for one, planner in planning.plans()),
        changes(NAME, DECIDE, planning.decide, backing, feature=DECIDE_BY_CLIENT),
    )
