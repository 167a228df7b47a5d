"""What a server says of itself, and the results that hold nothing else: encoded once."""

from __future__ import annotations

from dataclasses import dataclass

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

    @property
    def info(self) -> Json:
        """What the protocol calls an implementation."""
        return {"name": self.name, "version": self.version, "title": self.title}

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
                "capabilities": CAPABILITIES,
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
                "capabilities": CAPABILITIES,
                "instructions": self.instructions,
                **NOT_CACHED,
            }
        )
