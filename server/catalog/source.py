"""A catalog as it comes in: read record by record and as often as one likes, so that a file of a million
records takes no more room than its ids. `survey` reads it once before anything is written; nothing of
a bad file is ever used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from domain.catalog import AppRecord, PermissionRecord
from domain.policy import Policy
from domain.values import AppId, PermissionId
from server.catalog.entries import refuse

Key = TypeVar("Key", bound=str)
Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Placed(Generic[Key, Record]):
    """A record under its id, and where it stands, in words that find it."""

    where: str
    key: Key
    record: Record


PlacedApp = Placed[AppId, AppRecord]
PlacedPermission = Placed[PermissionId, PermissionRecord]


class Source(Protocol):
    """Where a catalog comes from. Each record is cleaned as it is read; a bad one raises
    `server.catalog.entries.BadCatalog`, at any time."""

    @property
    def policies(self) -> Mapping[str, Policy]:
        """The policies, by id."""

    @property
    def skipped(self) -> int:
        """Records of the source that are nothing one could ask for."""

    def each_app(self) -> Iterator[PlacedApp]:
        """Yield the apps."""

    def each_permission(self) -> Iterator[PlacedPermission]:
        """Yield the permissions."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """A whole catalog: every app, permission and policy by id, checked and cleaned."""

    apps: dict[AppId, AppRecord]
    permissions: dict[PermissionId, PermissionRecord]
    policies: dict[str, Policy] = field(default_factory=dict)
    skipped: int = 0

    def each_app(self) -> Iterator[PlacedApp]:
        """Yield the apps."""
        return (Placed(f"app {key}", key, one) for key, one in self.apps.items())

    def each_permission(self) -> Iterator[PlacedPermission]:
        """Yield the permissions."""
        return (Placed(f"permission {key}", key, one) for key, one in self.permissions.items())


@dataclass(frozen=True, slots=True)
class Survey:
    """How much a source holds, by which sources it says its records are, and the first record that
    names each policy."""

    apps: int
    permissions: int
    policies: int
    sources: frozenset[str]
    policies_named: Mapping[str, str]

    @property
    def total(self) -> int:
        """Records of every kind."""
        return self.apps + self.permissions + self.policies


def survey(source: Source) -> Survey:
    """Read all of a source; raises `BadCatalog` for what is bad, stands twice, or belongs to an app
    that is not there."""
    apps: dict[str, None] = {}
    sources: set[str] = set()
    named: dict[str, str] = {}
    for app in _each_once(source.each_app()):
        apps[app.key] = None
        sources.add(app.record.source)
        named.setdefault(app.record.policy, app.key)
    permissions = 0
    for one in _each_once(source.each_permission()):
        permissions += 1
        sources.add(one.record.source)
        named.setdefault(one.record.policy, one.key)
        if one.record.app_id not in apps:
            missing = f"there is no app {one.record.app_id} in this file"
            refuse(one.where, one.key, "app_id", missing)
    policies = source.policies
    named.pop("", None)
    return Survey(len(apps), permissions, len(policies), frozenset(sources), named)


def _each_once(records: Iterable[Placed[Key, Record]]) -> Iterator[Placed[Key, Record]]:
    seen: set[str] = set()
    for one in records:
        if one.key in seen:
            refuse(one.where, one.key, "id", "it stands in this file twice")
        seen.add(one.key)
        yield one


def gathered(source: Source) -> Catalog:
    """Return a source whole; raises `BadCatalog`."""
    survey(source)
    return Catalog(
        {one.key: one.record for one in source.each_app()},
        {one.key: one.record for one in source.each_permission()},
        dict(source.policies),
        source.skipped,
    )
