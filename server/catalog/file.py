"""The JSON form of a catalog: ``{"meta": {}, "policies": [...], "apps": [...], "permissions": [...]}``,
where two may be left out: what a file does not mention stays as it is. Reading checks every record and names the first bad one and its
field; a record is decoded when its turn comes, and not kept."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from domain.policy import Policy, PolicyFacts, check_policy
from domain.values import AppId, PermissionId
from server.catalog.entries import (
    AppEntry,
    BadCatalog,
    PermissionEntry,
    app_entry,
    app_of,
    checked,
    permission_entry,
    permission_of,
    refuse,
)
from server.catalog.source import Catalog, Placed, PlacedApp, PlacedPermission, gathered
from server.policies.document import PolicyEntry, policy_of
from server.policies.writing import entry_of

Entry = TypeVar("Entry")


class _File(msgspec.Struct, forbid_unknown_fields=True):
    apps: list[msgspec.Raw] | None = None
    permissions: list[msgspec.Raw] | None = None
    policies: list[msgspec.Raw] | None = None
    meta: dict[str, Any] = {}


_file_decoder = msgspec.json.Decoder(_File)
_app_decoder = msgspec.json.Decoder(AppEntry)
_permission_decoder = msgspec.json.Decoder(PermissionEntry)
_policy_decoder = msgspec.json.Decoder(PolicyEntry)


class CatalogFile:
    """A catalog in JSON; a `Source`."""

    skipped = 0

    def __init__(self, data: bytes | mmap.mmap) -> None:
        """Raises `BadCatalog`."""
        try:
            self._file = _file_decoder.decode(data)
        except (msgspec.MsgspecError, RecursionError) as fault:
            msg = f"not a catalog file: {fault}"
            raise BadCatalog(msg) from None
        if all(
            one is None for one in (self._file.policies, self._file.apps, self._file.permissions)
        ):
            raise BadCatalog("not a catalog file: it has no policies, apps or permissions")
        self.policies = _policies(self._file.policies or ())

    @property
    def lists_all(self) -> bool:
        """Whether it has both lists, so that what stands in neither is absent and not merely unmentioned."""
        return self._file.apps is not None and self._file.permissions is not None

    def each_app(self) -> Iterator[PlacedApp]:
        """Yield the apps."""
        for where, entry in _entries("apps", self._file.apps or (), _app_decoder):
            yield Placed(where, AppId(entry.id), checked(where, entry.id, entry, app_of))

    def each_permission(self) -> Iterator[PlacedPermission]:
        """Yield the permissions."""
        permissions = self._file.permissions or ()
        for where, entry in _entries("permissions", permissions, _permission_decoder):
            record = checked(where, entry.id, entry, permission_of)
            yield Placed(where, PermissionId(entry.id), record)


def parse_catalog(data: bytes) -> Catalog:
    """Return the catalog a file holds; raises `BadCatalog`."""
    return gathered(CatalogFile(data))


def _policies(raw: Sequence[msgspec.Raw]) -> dict[str, Policy]:
    policies: dict[str, Policy] = {}
    places: dict[str, str] = {}
    for where, entry in _entries("policies", raw, _policy_decoder):
        if entry.id in policies:
            refuse(where, entry.id, "id", "it stands in this file twice")
        policies[entry.id] = checked(where, entry.id, entry, policy_of)
        places[entry.id] = where
    facts = PolicyFacts(
        {one.name: key for key, policy in policies.items() for one in policy.on_call}
    )
    for key, policy in policies.items():
        checked(places[key], key, policy, lambda one: check_policy(one, facts))
    return policies


def _entries(
    name: str, raw: Sequence[msgspec.Raw], decoder: msgspec.json.Decoder[Entry]
) -> Iterable[tuple[str, Entry]]:
    """Decode the records one by one."""
    for index, record in enumerate(raw):
        where = f"{name}[{index}]"
        try:
            entry = decoder.decode(record)
        except (msgspec.MsgspecError, RecursionError) as fault:
            reason, _, path = str(fault).partition(" - at ")
            msg = f"{where}, field {path.strip('`$.') or 'record'}: {reason}"
            raise BadCatalog(msg) from None
        yield where, entry


def format_catalog(catalog: Catalog) -> bytes:
    """Return the file that `parse_catalog` reads back to an equal catalog; one record a line."""
    apps = [app_entry(*item) for item in sorted(catalog.apps.items())]
    permissions = [permission_entry(*item) for item in sorted(catalog.permissions.items())]
    meta = msgspec.json.encode({"apps": len(apps), "permissions": len(permissions)})
    policies = [entry_of(policy) for _, policy in sorted(catalog.policies.items())]
    return (
        b'{"meta": %s,\n"policies": [\n%s\n],\n"apps": [\n%s\n],\n"permissions": [\n%s\n]}\n'
        % (
            meta,
            b",\n".join(msgspec.json.encode(entry) for entry in policies),
            b",\n".join(msgspec.json.encode(entry) for entry in apps),
            b",\n".join(msgspec.json.encode(entry) for entry in permissions),
        )
    )
