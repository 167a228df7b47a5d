"""What a client is told of a tool, as plain data: names, words, schemas and hints. It is made once, when
the program starts, and goes over the wire as it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Icon:
    """A picture, where it is found and of what type; `theme` is light or dark where it is for one."""

    src: str
    mime_type: str
    sizes: tuple[str, ...] = ("any",)
    theme: str | None = None

    def fields(self) -> dict[str, object]:
        """Return the picture as the protocol carries it."""
        said: dict[str, object] = {
            "src": self.src,
            "mimeType": self.mime_type,
            "sizes": list(self.sizes),
        }
        return said if self.theme is None else {**said, "theme": self.theme}


def extras(icons: Sequence[Icon], meta: Mapping[str, object] | None) -> dict[str, object]:
    """Return the members that only some definitions have, where there is something in them."""
    said: dict[str, object] = {}
    if icons:
        said["icons"] = [one.fields() for one in icons]
    if meta:
        said["_meta"] = dict(meta)
    return said


@dataclass(frozen=True, slots=True)
class Hints:
    """What a tool does to the world; None says nothing of it."""

    read_only: bool
    destructive: bool | None = None
    idempotent: bool | None = None
    open_world: bool = False

    def fields(self) -> dict[str, bool]:
        """Return what is said, by its name in the protocol."""
        said = {
            "readOnlyHint": self.read_only,
            "destructiveHint": self.destructive,
            "idempotentHint": self.idempotent,
            "openWorldHint": self.open_world,
        }
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A tool as it is listed; `meta` is what an extension of the protocol says of it."""

    name: str
    title: str
    description: str
    input_schema: Schema
    output_schema: Schema
    annotations: Hints
    icons: tuple[Icon, ...] = ()
    meta: Mapping[str, object] | None = None

    def fields(self) -> dict[str, object]:
        """Return the tool as the protocol carries it."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": self.input_schema,
            "outputSchema": self.output_schema,
            "annotations": self.annotations.fields(),
            **extras(self.icons, self.meta),
        }
