"""What a client is told of resources and gets of one, as plain data, and what there is to be had of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.ports import Rows
from server.bearer import AccessGrant
from server.mcp.definitions import Icon, extras

Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class ResourceDefinition:
    """A resource as it is listed."""

    uri: str
    name: str
    title: str
    description: str
    mime_type: str
    meta: Mapping[str, object] | None = None
    icons: tuple[Icon, ...] = ()

    def fields(self) -> Fields:
        """Return the resource as the protocol carries it."""
        return {
            "uri": self.uri,
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "mimeType": self.mime_type,
            **extras(self.icons, self.meta),
        }


@dataclass(frozen=True, slots=True)
class TemplateDefinition:
    """Resources of one form, of which the client fills in the rest (RFC 6570)."""

    uri_template: str
    name: str
    title: str
    description: str
    mime_type: str
    meta: Mapping[str, object] | None = None
    icons: tuple[Icon, ...] = ()

    def fields(self) -> Fields:
        """Return the template as the protocol carries it."""
        return {
            "uriTemplate": self.uri_template,
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "mimeType": self.mime_type,
            **extras(self.icons, self.meta),
        }


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands in a resource: a text, or else in `blob` bytes in base64."""

    uri: str
    mime_type: str
    text: str = ""
    meta: Mapping[str, object] | None = None
    blob: str | None = None

    def fields(self) -> Fields:
        """Return the contents as the protocol carries them."""
        what = {"text": self.text} if self.blob is None else {"blob": self.blob}
        return {"uri": self.uri, "mimeType": self.mime_type, **what, **extras((), self.meta)}


class Provider(Protocol):
    """Some of the resources at one URL."""

    def listed(self, rows: Rows, grant: AccessGrant) -> Sequence[ResourceDefinition]:
        """Return those that the caller may pick from."""

    def templates(self) -> Sequence[TemplateDefinition]:
        """Return the forms of their URIs."""

    def read(self, rows: Rows, grant: AccessGrant, uri: str) -> Contents | None:
        """Return what stands in one; None for a URI that is not its own, or not the caller's."""
