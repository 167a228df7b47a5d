"""The resources at one URL, whoever provides them."""

from __future__ import annotations

from collections.abc import Sequence

from domain.ports import Rows
from server.bearer import AccessGrant
from server.mcp.offering_faults import UnknownResource
from server.mcp.resources.definitions import Fields, Provider


class Shelf:
    """Asks each provider in turn."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        self._providers = tuple(providers)

    def listed(self, rows: Rows, grant: AccessGrant) -> Fields:
        """Return the result of resources/list."""
        found = (one for each in self._providers for one in each.listed(rows, grant))
        return {"resources": [one.fields() for one in found]}

    def templates(self) -> Fields:
        """Return the result of resources/templates/list."""
        found = (one for each in self._providers for one in each.templates())
        return {"resourceTemplates": [one.fields() for one in found]}

    def read(self, rows: Rows, grant: AccessGrant, uri: str) -> Fields:
        """Return the result of resources/read; raises `UnknownResource`."""
        for one in self._providers:
            contents = one.read(rows, grant, uri)
            if contents is not None:
                return {"contents": [contents.fields()]}
        raise UnknownResource(uri)
