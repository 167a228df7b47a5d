"""The MCP tools, from the definitions that clients are given: names, words, hints and exact schemas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from server import mcp
from server.config import Settings
from server.documentation.markdown import code, folded, json_block, table
from server.health import Health
from server.mcp import schemas
from server.mcp.administration.backing import Backing
from server.mcp.definitions import Schema, ToolDefinition
from server.mcp.tools import ServedTool
from server.oauth.connections import Connections
from server.oauth.last_use import LastUse
from server.oauth.resources import RESOURCES, TOOLSETS
from server.wiring import open_system

USER_TOOLS = (
    schemas.SEARCH_APPS,
    schemas.SEARCH_PERMISSIONS,
    schemas.LIST_PERMISSIONS,
    schemas.SUBMIT,
    schemas.LIST_REQUESTS,
    schemas.GET,
    schemas.CANCEL,
    schemas.COMMENT,
)
"""In the order in which they are listed."""


def user_tools() -> str:
    """Return the tools of employees' clients."""
    return "\n\n".join(_tool(one) for one in USER_TOOLS)


def admin_tools() -> str:
    """Return the tools of administrators' clients, by their toolsets."""
    parts = []
    for name, tools in administration().items():
        toolset = TOOLSETS[name]
        scopes = ", ".join(map(code, toolset.scopes))
        parts.append(f"### Toolset {name}\n\n{toolset.title}. Scopes: {scopes}.")
        parts += [_tool(one.definition, one.feature) for one in tools]
    return "\n\n".join(parts)


def scopes() -> str:
    """Return a table of all scopes."""
    rows = [
        (
            code(one.path),
            code(meaning.scope),
            meaning.words,
            " or ".join(map(str, meaning.roles)),
        )
        for one in RESOURCES
        for meaning in one.meanings
    ]
    return table(("resource", "scope", "lets a client", "of a person with the role"), rows)


@cache
def administration() -> Mapping[str, Sequence[ServedTool]]:
    """Return the administrators' tools by toolset, as a server with an empty store would serve them."""
    with TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), nats_url="off")
        with open_system(settings) as system:
            last_use = LastUse(system.bus)
            connections = Connections(
                system.bus, system.reads, system.clock, system.new_id, last_use
            )
            backing = Backing(system, connections, Health(system))
            return {
                name: import_module(f"{mcp.__name__}.administration.{name}").tools(backing)
                for name in TOOLSETS
            }


def _tool(tool: ToolDefinition, feature: str | None = None) -> str:
    hints = ", ".join(
        words
        for said, words in (
            (tool.annotations.read_only, "reads only"),
            (not tool.annotations.read_only, "writes"),
            (tool.annotations.destructive, "destructive"),
            (tool.annotations.idempotent, "may be repeated"),
        )
        if said
    )
    given = json_block(tool.input_schema, "schema")
    answer = json_block(tool.output_schema, "schema")
    return "\n\n".join(
        (
            f"#### {tool.name}\n\n{tool.description} ({hints})",
            f"It is there while the feature {code(feature)} is on." if feature else "",
            _arguments(tool.input_schema),
            folded("Input schema", given),
            folded("Output schema", answer),
        )
    )


def _arguments(schema: Schema) -> str:
    needed = schema.get("required", [])
    rows = [
        (code(name), "yes" if name in needed else "", str(field.get("description", "")))
        for name, field in schema.get("properties", {}).items()
    ]
    if not rows:
        return "It takes no arguments."
    return table(("argument", "needed", "what it is"), rows)
