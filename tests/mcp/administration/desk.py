"""An administrator's client."""

from __future__ import annotations

from typing import Any

from server.oauth.resources import TOOLSETS
from tests.mcp.wire import MODERN, Wire
from tests.web import Web

FORMS: dict[str, Any] = {"elicitation": {"form": {}}}


def scopes(*toolsets: str) -> str:
    """Return all the scopes of these toolsets."""
    return " ".join(scope for name in toolsets for scope in TOOLSETS[name].scopes)


async def desk(
    web: Web,
    *toolsets: str,
    username: str = "bob",
    scope: str | None = None,
    era: str = MODERN,
    capabilities: dict[str, Any] | None = None,
) -> Wire:
    """Return a client of `/mcp/admin?toolsets=...` that a person has let in; with all scopes of the toolsets,
    unless told."""
    flow = web.flow("/mcp/admin")
    granted = await flow.sign_in(web.browser(username), scope=scope or scopes(*toolsets))
    query = f"?toolsets={','.join(toolsets)}" if toolsets else ""
    path = f"/mcp/admin{query}"
    return Wire(web.http, web.issuer, granted["access_token"], era, path, capabilities or {})


async def called(wire: Wire, tool: str, responses: object = None, **arguments: object) -> Any:
    """Call a tool with what the person has done with forms; return the whole result."""
    params: dict[str, Any] = {"name": tool, "arguments": arguments}
    if responses is not None:
        params["inputResponses"] = responses
    return (await wire.request("tools/call", params)).json()["result"]


async def agreed(wire: Wire, tool: str, **arguments: object) -> dict[str, Any]:
    """Call a tool that asks first, let the person agree, and return the answer."""
    asked = await called(wire, tool, **arguments)
    assert asked["resultType"] == "input_required", asked
    (form,) = asked["inputRequests"]
    yes = {form: {"action": "accept", "content": {"yes": True}}}
    done = await called(wire, tool, yes, **arguments)
    content: dict[str, Any] = done["structuredContent"]
    return content


def events(web: Web) -> int:
    """Return how many events there are."""
    return len(list(web.system.store.events_after(0, 100_000)))
