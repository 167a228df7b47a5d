"""What ``/mcp/user`` offers beside its tools: prompts, the caller's requests as resources, the apps that show
results, and completions for all of these."""

from __future__ import annotations

from server.mcp.apps.resources import AppResources
from server.mcp.completions import user_completions
from server.mcp.icons import door
from server.mcp.offering import Offering
from server.mcp.prompts.serving import Prompts
from server.mcp.prompts.user import user_prompts
from server.mcp.resources.requests import RequestResources
from server.mcp.resources.shelf import Shelf
from server.mcp.tools import READING, Toolset, UserTools


def user_offering(run: UserTools, tools: Toolset, issuer: str, version: str) -> Offering:
    """Return what is offered beside these tools."""
    prompts = Prompts(user_prompts(door(issuer)), tools)
    shelf = Shelf((RequestResources(run.requests, tools), AppResources(tools, version)))
    completions = user_completions(prompts, run.catalog.pages, tools)
    return Offering(prompts, shelf, completions, READING)
