"""The caller's access requests as resources. Reading one gives what get_access_request tells, with all that
there is to it, whether or not that tool is switched on; both find his own requests and no others."""

from __future__ import annotations

from collections.abc import Sequence

from domain.errors import MalformedText, UnknownRequest
from domain.ports import Rows
from domain.values import identifier
from projections.access_requests import RequestRow, Wanted, requests_of
from server.bearer import AccessGrant
from server.mcp.protocol.replies import encoded
from server.mcp.request_queries import RequestQueries
from server.mcp.resources.definitions import Contents, ResourceDefinition, TemplateDefinition
from server.mcp.subscriptions.wishes import request_in, request_uri
from server.mcp.tools import Toolset

JSON = "application/json"
NEWEST = 20
"""So many are listed; others are read by their id all the same."""
LONGEST = 120
"""Characters of a title."""
TOOL = "list_access_requests"
"""Whoever has it sees requests."""
TEMPLATE = TemplateDefinition(
    uri_template=request_uri("{id}"),
    name="access_request",
    title="Access request",
    description="One of the person's access requests: status, who has to act, items, history.",
    mime_type=JSON,
)


class RequestResources:
    """Serves the requests of each caller to him."""

    def __init__(self, requests: RequestQueries, tools: Toolset) -> None:
        """`tools` are those at the same URL."""
        self._requests = requests
        self._tools = tools

    def listed(self, rows: Rows, grant: AccessGrant) -> Sequence[ResourceDefinition]:
        """Return his newest requests."""
        if not self._may(grant):
            return ()
        found = requests_of(rows, grant.person.person_id, Wanted(size=NEWEST))
        return [_definition(one) for one in found.items]

    def templates(self) -> Sequence[TemplateDefinition]:
        """Return the form of their URIs."""
        return (TEMPLATE,)

    def read(self, rows: Rows, grant: AccessGrant, uri: str) -> Contents | None:
        """Return a request of his."""
        named = request_in(uri)
        if named is None or not self._may(grant):
            return None
        try:
            asked = {"access_request_id": identifier("id", named)}
            answer = self._requests.get(rows, grant, asked)
        except (MalformedText, UnknownRequest):
            return None
        return Contents(uri, JSON, encoded(answer.fields["access_request"]).decode())

    def _may(self, grant: AccessGrant) -> bool:
        return self._tools.find(TOOL, grant) is not None


def _definition(one: RequestRow) -> ResourceDefinition:
    title = " ".join(f"{one.app_name}: {one.what}".split())
    return ResourceDefinition(
        uri=request_uri(one.request_id),
        name=one.request_id,
        title=title if len(title) <= LONGEST else f"{title[: LONGEST - 1]}…",
        description=str(one.status),
        mime_type=JSON,
    )
