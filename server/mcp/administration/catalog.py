"""The toolset `catalog`: what can be asked for, who sees what of it, and changes of it. A whole catalog is
imported on the command line; here an import can be previewed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import anyio.to_thread

from server.bearer import AccessGrant
from server.mcp.administration import catalog_planning as planning
from server.mcp.administration import catalog_schemas as schemas
from server.mcp.administration.backing import Backing
from server.mcp.administration.catalog_reading import CatalogReading
from server.mcp.administration.changing import changes
from server.mcp.administration.defining import asks
from server.mcp.answers import Answer
from server.mcp.arguments import Arguments, BadArguments
from server.mcp.tools import ServedTool

FILE = ("apps", "permissions", "policies")
TOLD = ("added", "changed", "unchanged")


def tools(backing: Backing) -> tuple[ServedTool, ...]:
    """Return the tools."""
    reading, toolset = CatalogReading(backing.system.store), "catalog"
    return (
        asks(toolset, schemas.FIND, reading.find),
        asks(toolset, schemas.GET, reading.get),
        asks(toolset, schemas.EXPORT, reading.export),
        asks(toolset, schemas.PREVIEW_IMPORT, run=ImportPreview(backing)),
        changes(toolset, schemas.PUT_APP, planning.put_app, backing),
        changes(toolset, schemas.PUT_PERMISSION, planning.put_permission, backing),
        changes(toolset, schemas.RETIRE, planning.retire, backing),
    )


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """Runs preview_catalog_import: the very import, undone before it is kept."""

    backing: Backing

    async def __call__(self, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer the tool."""
        content = json.dumps({name: arguments[name] for name in FILE}).encode()
        return await anyio.to_thread.run_sync(partial(self._previewed, content))

    def _previewed(self, content: bytes) -> Answer:
        from server.catalog.entries import BadCatalog  # noqa: PLC0415 - late
        from server.operations.catalog import catalog_preview  # noqa: PLC0415 - late

        try:
            found = catalog_preview(self.backing.system, content, _unheard)
        except BadCatalog as fault:
            raise BadArguments(str(fault)) from None
        counts = {name: found[name] for name in TOLD}
        said = ", ".join(f"{count} {name}" for name, count in counts.items())
        return Answer(dict(counts), f"Nothing was imported. It would be: {said}.")


def _unheard(_progress: Mapping[str, int]) -> None:
    """Tell nobody how far it is: it is over at once."""
