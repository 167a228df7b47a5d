"""The apps as resources: read by the URI that a tool's listing gives."""

from __future__ import annotations

from collections.abc import Sequence

from domain.ports import Rows
from server.bearer import AccessGrant
from server.mcp.app_links import CATALOG_PICKER, MIME_TYPE, STATUS_CARD
from server.mcp.resources.definitions import Contents, ResourceDefinition, TemplateDefinition
from server.mcp.tools import Toolset

USED = {
    STATUS_CARD: ("list_access_requests", "cancel_access_request"),
    CATALOG_PICKER: ("search_apps", "list_requestable_permissions", "submit_access_request"),
}
"""The tools that each app calls, where they are there for its reader."""
_NOWHERE: list[str] = []
_META = {
    "ui": {
        "csp": {"connectDomains": _NOWHERE, "resourceDomains": _NOWHERE},
        "prefersBorder": False,
    }
}
"""What a host has to know: the page needs nothing from anywhere, and draws its own border."""


class AppResources:
    """Serves the apps of one resource's tools."""

    def __init__(self, tools: Toolset, version: str) -> None:
        self._tools = tools
        self._version = version

    def listed(self, _rows: Rows, _grant: AccessGrant) -> Sequence[ResourceDefinition]:
        """Return none: nobody picks an app, and a host knows it from the tool it is of."""
        return ()

    def templates(self) -> Sequence[TemplateDefinition]:
        """Return none."""
        return ()

    def read(self, _rows: Rows, grant: AccessGrant, uri: str) -> Contents | None:
        """Return an app as it is for the caller."""
        used = USED.get(uri)
        if used is None:
            return None
        from server.mcp.apps.documents import document  # noqa: PLC0415 - most clients show no apps

        names = {one.name for one in self._tools.listed(grant)}
        offered = [one for one in used if one in names]
        return Contents(uri, MIME_TYPE, document(uri, offered, self._version), _META)
