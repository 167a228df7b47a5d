"""Where the apps are (`server.mcp.apps`), and what a tool says of the one that shows its results."""

from __future__ import annotations

from collections.abc import Mapping

EXTENSION = "io.modelcontextprotocol/ui"
"""The name under which a client declares that it shows apps."""
MIME_TYPE = "text/html;profile=mcp-app"
STATUS_CARD = "ui://doorward/request-status"
CATALOG_PICKER = "ui://doorward/catalog-picker"


def shown_in(uri: str) -> Mapping[str, object]:
    """Return the meta member of a tool whose results an app shows."""
    return {"ui": {"resourceUri": uri}}
