"""How the administrators' tools are declared: what every tool that changes something takes and answers, so that
a client that knows one knows all."""

from __future__ import annotations

from domain.person import Role
from server.mcp.definitions import Hints, Schema, ToolDefinition
from server.mcp.schemas import closed_input
from server.mcp.schemas.parts import ID, MAYBE, TEXT
from server.mcp.tools import Query, Run, ServedTool
from server.oauth.resources import ADMINISTRATORS, TOOLSETS

CONFIRM: Schema = {**ID, "description": "The refusal's name, once the person agreed."}
CHANGE: dict[str, Schema] = {
    "dry_run": {"type": "boolean", "default": False},
    "expected_version": {"type": "integer", "minimum": 0},
    "idempotency_key": ID,
}
"""What every change takes. `expected_version` is that which a get tool or a dry run has told. The server's
instructions say so once for all: as descriptions, the words would stand in a model's context forty times."""
CHANGED: Schema = {
    "type": "object",
    "properties": {
        "outcome": {
            "type": "string",
            "enum": ["changed", "unchanged", "would_change", "needs_confirmation", "declined"],
        },
        "name": TEXT,
        "version": {"type": "integer"},
        "changes": {"type": "array", "items": {"type": "object"}},
        "replayed": {"type": "boolean"},
    },
    "required": ["outcome", "name", "version", "changes", "replayed"],
}
"""What every change answers: of each field that changes `before` and `after`; and as `result` what else there is
to know, where there is anything."""
READS = Hints(read_only=True)
CHANGES = Hints(read_only=False, destructive=False, idempotent=True)
DESTROYS = Hints(read_only=False, destructive=True, idempotent=True)


def asking(
    name: str, title: str, description: str, given: Schema, answered: Schema
) -> ToolDefinition:
    """Return a tool that only asks."""
    return ToolDefinition(name, title, description, given, answered, READS)


def changing(
    name: str, title: str, description: str, required: list[str], /, **properties: Schema
) -> ToolDefinition:
    """Return a tool that changes something that can be changed back."""
    given = closed_input(required, **properties, **CHANGE)
    return ToolDefinition(name, title, description, given, CHANGED, CHANGES)


def destroying(
    name: str, title: str, description: str, required: list[str], /, **properties: Schema
) -> ToolDefinition:
    """Return a tool whose change the person has to confirm, unless the plan says that this one destroys nothing."""
    given = closed_input(required, **properties, **CHANGE, confirm=CONFIRM)
    return ToolDefinition(name, title, description, given, CHANGED, DESTROYS)


def asks(
    toolset: str,
    definition: ToolDefinition,
    query: Query | None = None,
    run: Run | None = None,
    roles: tuple[Role, ...] = ADMINISTRATORS,
) -> ServedTool:
    """Return a tool of a toolset that only asks: a `query` over one read of the store, or a `run`."""
    return ServedTool(definition, (TOOLSETS[toolset].read,), query, run, roles=roles)


__all__ = [
    "CHANGED",
    "ID",
    "MAYBE",
    "TEXT",
    "asking",
    "asks",
    "changing",
    "destroying",
]
