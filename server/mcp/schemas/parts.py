"""What schemas are built of."""

from __future__ import annotations

from server.mcp.definitions import Hints, Schema

ID: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
WORDS: Schema = {"type": "string", "maxLength": 512}
PAGING: dict[str, Schema] = {
    "page": {"type": "integer", "minimum": 1, "maximum": 100_000, "default": 1},
    "size": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
}
TEXT: Schema = {"type": "string"}
MAYBE: Schema = {"type": ["string", "null"]}


def text_field() -> Schema:
    """Return the schema of any text."""
    return dict(TEXT)


def identifier_field() -> Schema:
    """Return the schema of an id."""
    return dict(ID)


def paging() -> dict[str, Schema]:
    """Return the arguments of a list by pages."""
    return dict(PAGING)


def closed_input(required: list[str], **properties: Schema) -> Schema:
    """Return a schema that takes these arguments and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def list_output(item: Schema, **more: Schema) -> Schema:
    """Return the schema of a page of items."""
    count: Schema = {"type": "integer", "minimum": 0}
    properties = {
        "items": {"type": "array", "items": item},
        "total": count,
        "page": count,
        "size": count,
        "pages": count,
        "empty_reason": {"type": "string", "description": "Why there are no items."},
        **more,
    }
    required = ["items", "total", "page", "size", "pages"]
    return {"type": "object", "properties": properties, "required": required}


def object_of(**properties: Schema) -> Schema:
    """Return the schema of an object that has all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}


READ = Hints(read_only=True)
WRITE = Hints(read_only=False, destructive=False, idempotent=False)
