"""The list of tools as it goes over the wire: encoded once for each set of tools that some person has,
since there are as many sets as there are roles and a list is long."""

from __future__ import annotations

from server.bearer import AccessGrant
from server.mcp.protocol.identity import NOT_CACHED
from server.mcp.protocol.replies import encoded, joined
from server.mcp.tools import Toolset


class Listing:
    """Lists the tools of one resource."""

    def __init__(self, tools: Toolset) -> None:
        self._tools = tools
        self._encoded: dict[tuple[str, ...], bytes] = {}

    def of(self, grant: AccessGrant) -> bytes:
        """Return the result of tools/list, without the members that depend on the era."""
        listed = self._tools.listed(grant)
        names = tuple(one.name for one in listed)
        known = self._encoded.get(names)
        if known is None:
            known = encoded({"tools": [one.fields() for one in listed]})
            self._encoded[names] = known
        return known

    @staticmethod
    def cached(listed: bytes) -> bytes:
        """Return it with what the modern era says of caching."""
        return joined(listed, encoded(NOT_CACHED))
