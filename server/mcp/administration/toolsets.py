"""The toolsets put together. Each is a module (or package) of its name beside this one, whose `tools` returns
its tools; it is read when a client first asks for it, since most servers are never asked for most of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module

from server.bearer import AccessGrant
from server.mcp.administration.backing import Backing
from server.mcp.administration.choosing import Chosen
from server.mcp.definitions import ToolDefinition
from server.mcp.tools import ServedTool, Toolset
from server.oauth.resources import TOOLSETS


class Allowed(Toolset):
    """All tools there are, of which a caller is told those of the toolsets that his token lets him into:
    who has consented to reading people is told of the tools that change them, and can be asked for more."""

    def listed(self, grant: AccessGrant) -> tuple[ToolDefinition, ...]:
        """Return the tools of the caller's toolsets."""
        let_in = [
            name
            for name, one in TOOLSETS.items()
            if any(scope in grant.scopes for scope in one.scopes)
        ]
        scopes = {scope for name in let_in for scope in TOOLSETS[name].scopes}
        return tuple(
            one
            for one in super().listed(grant)
            if (tool := self.named(one.name)) and scopes.issuperset(tool.scopes)
        )


class Toolsets:
    """All toolsets, each read once."""

    def __init__(self, backing: Backing) -> None:
        self._backing = backing
        self._read: dict[str, tuple[ServedTool, ...]] = {}

    def of(self, chosen: Chosen) -> Toolset:
        """Return the tools of the chosen toolsets."""
        if not chosen:
            return Allowed(self._tools(TOOLSETS))
        return Toolset(self._tools(chosen))

    def _tools(self, names: Iterable[str]) -> Sequence[ServedTool]:
        return [tool for name in names for tool in self._toolset(name)]

    def _toolset(self, name: str) -> tuple[ServedTool, ...]:
        known = self._read.get(name)
        if known is None:
            module = import_module(f"{__package__}.{name}")
            tools: Callable[[Backing], tuple[ServedTool, ...]] = module.tools
            known = self._read[name] = tools(self._backing)
        return known
