"""The JSON form of a catalog: ``{"meta": {}, "policies": [...], "apps": [...], "permissions": [...]}``,
where `policies` may be left out. Reading checks every record and names the first bad one and its
field; nothing of a bad file is ever used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Never, TypeVar

import msgspec

from domain.catalog import AppRecord, PermissionRecord, app_record, permission_record
from domain.errors import Invalid
from domain.policy import Policy, PolicyFacts, check_policy
from domain.values import AppId, PermissionId, identifier
from server.bad_file import BadFile
from server.policies.document import PolicyEntry, policy_of
from server.policies.writing import entry_of

Entry = TypeVar("Entry")
Record = TypeVar("Record")


class BadCatalog(BadFile):
    """The file is not a catalog; the message names the record and the field."""


class AppEntry(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """An app as it stands in a file."""

    id: str
    name: str
    description: str = ""
    categories: list[str] = []
    audience: str = "everyone"
    source: str = ""
    owner: str = ""
    instructions: str = ""
    logo_url: str | None = None
    website_url: str | None = None
    multiple_permissions: bool = True
    policy: str = ""
    owners: list[str] = []


class PermissionEntry(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A permission as it stands in a file."""

    id: str
    app_id: str
    label: str
    description: str = ""
    kind: str = "role"
    source: str = ""
    policy: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    apps: list[msgspec.Raw]
    permissions: list[msgspec.Raw]
    policies: list[msgspec.Raw] = []
    meta: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Catalog:
    """A whole catalog: every app, permission and policy by id, checked and cleaned."""

    apps: dict[AppId, AppRecord]
    permissions: dict[PermissionId, PermissionRecord]
    policies: dict[str, Policy] = field(default_factory=dict)


def parse_catalog(data: bytes) -> Catalog:
    """Return the catalog a file holds; raises `BadCatalog`."""
    try:
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.MsgspecError, RecursionError) as fault:
        msg = f"not a catalog file: {fault}"
        raise BadCatalog(msg) from None
    apps = {
        AppId(entry.id): _checked(f"apps[{index}]", entry.id, entry, _app)
        for index, entry in _entries("apps", file.apps, AppEntry)
    }
    permissions: dict[PermissionId, PermissionRecord] = {}
    for index, entry in _entries("permissions", file.permissions, PermissionEntry):
        where = f"permissions[{index}]"
        record = _checked(where, entry.id, entry, _permission)
        if record.app_id not in apps:
            _refuse(
                where,
                entry.id,
                "app_id",
                f"there is no app {entry.app_id} in this file",
            )
        permissions[PermissionId(entry.id)] = record
    return Catalog(apps, permissions, _policies(file.policies))


def _policies(raw: Sequence[msgspec.Raw]) -> dict[str, Policy]:
    policies = {
        entry.id: _checked(f"policies[{index}]", entry.id, entry, policy_of)
        for index, entry in _entries("policies", raw, PolicyEntry)
    }
    facts = PolicyFacts(
        {one.name: key for key, policy in policies.items() for one in policy.on_call}
    )
    for index, (key, policy) in enumerate(policies.items()):
        _checked(f"policies[{index}]", key, policy, lambda one: check_policy(one, facts))
    return policies


def _entries(
    name: str, raw: Sequence[msgspec.Raw], kind: type[Entry]
) -> Iterable[tuple[int, Entry]]:
    """Decode the records one by one; each id once."""
    seen: set[str] = set()
    decoder = msgspec.json.Decoder(kind)
    for index, record in enumerate(raw):
        where = f"{name}[{index}]"
        try:
            entry = decoder.decode(record)
        except (msgspec.MsgspecError, RecursionError) as fault:
            reason, _, path = str(fault).partition(" - at ")
            msg = f"{where}, field {path.strip('`$.') or 'record'}: {reason}"
            raise BadCatalog(msg) from None
        key: str = entry.id  # type: ignore[attr-defined]  # both kinds of entry have one
        if key in seen:
            _refuse(where, key, "id", "it stands in this file twice")
        seen.add(key)
        yield index, entry


def _checked(where: str, key: str, entry: Entry, build: Callable[[Entry], Record]) -> Record:
    try:
        identifier("id", key)
        return build(entry)
    except Invalid as refusal:
        _refuse(where, key, str(getattr(refusal, "field", "record")), refusal.sentence)
    except ValueError as fault:
        _refuse(where, key, "record", str(fault))


def _refuse(where: str, key: str, name: str, reason: str) -> Never:
    msg = f"{where} (id {key[:80]!r}), field {name}: {reason}"
    raise BadCatalog(msg)


def _app(entry: AppEntry) -> AppRecord:
    return app_record(
        AppRecord(
            name=entry.name,
            description=entry.description,
            categories=tuple(entry.categories),
            audience=entry.audience,
            owner=entry.owner,
            instructions=entry.instructions,
            source=entry.source,
            logo_url=entry.logo_url,
            website_url=entry.website_url,
            multiple_permissions=entry.multiple_permissions,
            policy=entry.policy,
            owners=tuple(entry.owners),
        )
    )


def _permission(entry: PermissionEntry) -> PermissionRecord:
    return permission_record(
        PermissionRecord(
            app_id=AppId(entry.app_id),
            label=entry.label,
            description=entry.description,
            kind=entry.kind,
            source=entry.source,
            policy=entry.policy,
        )
    )


def format_catalog(catalog: Catalog) -> bytes:
    """Return the file that `parse_catalog` reads back to an equal catalog; one record a line."""
    apps = [_app_entry(*item) for item in sorted(catalog.apps.items())]
    permissions = [_permission_entry(*item) for item in sorted(catalog.permissions.items())]
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


def _app_entry(app_id: AppId, app: AppRecord) -> AppEntry:
    return AppEntry(
        id=app_id,
        name=app.name,
        description=app.description,
        categories=list(app.categories),
        audience=app.audience,
        source=app.source,
        owner=app.owner,
        instructions=app.instructions,
        logo_url=app.logo_url,
        website_url=app.website_url,
        multiple_permissions=app.multiple_permissions,
        policy=app.policy,
        owners=list(app.owners),
    )


def _permission_entry(permission_id: PermissionId, one: PermissionRecord) -> PermissionEntry:
    return PermissionEntry(
        id=permission_id,
        app_id=one.app_id,
        label=one.label,
        description=one.description,
        kind=one.kind,
        source=one.source,
        policy=one.policy,
    )
