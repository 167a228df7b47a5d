"""Files of other systems: what their APIs return, put into one JSON object under the names that each
module says. What such a file holds beyond what is asked of it is passed over."""

from __future__ import annotations

import threading
from typing import TypeVar

import msgspec

from domain.catalog import EVERYONE, AppRecord, PermissionRecord
from domain.values import AppId, PermissionId
from server.catalog.entries import (
    AppEntry,
    BadCatalog,
    PermissionEntry,
    app_of,
    checked,
    permission_of,
)
from server.catalog.source import Catalog

Shape = TypeVar("Shape")
_learning = threading.Lock()
"""msgspec crashes the process where two threads meet a new type at once."""


def decoded(data: bytes, shape: type[Shape]) -> Shape:
    """Return a vendor's file; raises `BadCatalog`, which says where it is not what it should be."""
    with _learning:
        decoder = msgspec.json.Decoder(shape)
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError) as fault:
        reason, _, path = str(fault).partition(" - at ")
        where = path.strip("`$.") or "the file"
        raise BadCatalog(f"{where}: {reason}") from None


class Collected:
    """A catalog as it is put together out of a vendor's records; all of it is for one audience and
    under one policy."""

    def __init__(self, source: str, audience: str = EVERYONE, policy: str = "") -> None:
        self._source = source
        self._audience = audience
        self._policy = policy
        self._apps: dict[AppId, AppRecord] = {}
        self._permissions: dict[PermissionId, PermissionRecord] = {}
        self.skipped = 0

    def app(self, app_id: str, name: str, description: str = "", **more: str | None) -> None:
        """Add an app, once."""
        entry = AppEntry(
            id=app_id,
            name=name,
            description=description,
            categories=[category] if (category := more.get("category")) else [],
            audience=self._audience,
            policy=self._policy,
            source=self._source,
            logo_url=more.get("logo_url"),
            website_url=more.get("website_url"),
            instructions=more.get("instructions") or "",
        )
        self._apps[AppId(app_id)] = checked(f"app {name[:80]!r}", app_id, entry, app_of)

    def permission(
        self, permission_id: str, app_id: str, label: str, description: str, kind: str
    ) -> None:
        """Add a permission, once."""
        entry = PermissionEntry(
            id=permission_id,
            app_id=app_id,
            label=label,
            description=description,
            kind=kind,
            source=self._source,
        )
        record = checked(f"{kind} {label[:80]!r}", permission_id, entry, permission_of)
        self._permissions[PermissionId(permission_id)] = record

    def catalog(self) -> Catalog:
        """Return all of it."""
        return Catalog(self._apps, self._permissions, {}, self.skipped)
