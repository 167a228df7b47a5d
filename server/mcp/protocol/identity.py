"""What a server says of itself, and the results that hold nothing else: encoded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from server.mcp.protocol.replies import encoded, joined
from server.mcp.protocol.versions import MODERN_VERSIONS

Json = dict[str, object]
CAPABILITIES: Json = {"tools": {"listChanged": False}}
NOT_CACHED: Json = {"ttlMs": 0, "cacheScope": "private"}
"""What is listed depends on who asks, and changes when his role does."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One MCP server: its names, its version, and what it tells a client of its use."""

    name: str
    title: str
    version: str
    instructions: str
    listens: bool = False
    """Whether clients of the modern era can hear of changes."""
    offers: Mapping[str, object] = field(default_factory=dict)
    """The capabilities beside that of tools."""
    icons: Sequence[Json] = ()

    @property
    def info(self) -> Json:
        """What the protocol calls an implementation."""
        info: Json = {"name": self.name, "version": self.version, "title": self.title}
        return {**info, "icons": list(self.icons)} if self.icons else info

    @property
    def capabilities(self) -> Json:
        """What the server can."""
        return {**CAPABILITIES, **self.offers}

    @property
    def meta(self) -> bytes:
        """The member with which a result of the modern era says whose it is."""
        return encoded({"_meta": {"io.modelcontextprotocol/serverInfo": self.info}})

    @property
    def stamp(self) -> bytes:
        """The members of every result of the modern era that is complete."""
        return joined(encoded({"resultType": "complete"}), self.meta)

    def initialized(self, version: str) -> bytes:
        """The result of initialize, once a version is agreed on."""
        return encoded(
            {
                "protocolVersion": version,
                "capabilities": self.capabilities,
                "serverInfo": self.info,
                "instructions": self.instructions,
            }
        )

    @property
    def discovered(self) -> bytes:
        """The result of server/discover, without the members that every result has."""
        return encoded(
            {
                "supportedVersions": list(MODERN_VERSIONS),
                "capabilities": _heard(self.capabilities) if self.listens else self.capabilities,
                "instructions": self.instructions,
                **NOT_CACHED,
            }
        )


def _heard(capabilities: Json) -> Json:
    """Return the same where changes are told by `subscriptions/listen`, which one method does for all."""
    changing: Json = {"tools": {}, "prompts": {}, "resources": {"subscribe": True}}
    return capabilities | {
        name: {**more, "listChanged": True}
        for name, more in changing.items()
        if name in capabilities and isinstance(more, dict)
    }
