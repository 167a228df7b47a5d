"""The records of a catalog as they stand in files of any kind, and what they are checked into. A fault
names the record and the field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Never, TypeVar

import msgspec

from domain.catalog import AppRecord, PermissionRecord, app_record, permission_record
from domain.errors import Invalid
from domain.values import AppId, PermissionId, identifier
from server.bad_file import BadFile

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


def checked(where: str, key: str, entry: Entry, build: Callable[[Entry], Record]) -> Record:
    """Return the record that an entry stands for; raises `BadCatalog`."""
    try:
        identifier("id", key)
        return build(entry)
    except Invalid as refusal:
        refuse(where, key, str(getattr(refusal, "field", "record")), refusal.sentence)
    except ValueError as fault:
        refuse(where, key, "record", str(fault))


def refuse(where: str, key: str, name: str, reason: str) -> Never:
    """Raise `BadCatalog` for a field of a record."""
    msg = f"{where} (id {key[:80]!r}), field {name}: {reason}"
    raise BadCatalog(msg)


def app_of(entry: AppEntry) -> AppRecord:
    """Return the app of an entry."""
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


def permission_of(entry: PermissionEntry) -> PermissionRecord:
    """Return the permission of an entry."""
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


def app_entry(app_id: AppId, app: AppRecord) -> AppEntry:
    """Return the entry of an app."""
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


def permission_entry(permission_id: PermissionId, one: PermissionRecord) -> PermissionEntry:
    """Return the entry of a permission."""
    return PermissionEntry(
        id=permission_id,
        app_id=one.app_id,
        label=one.label,
        description=one.description,
        kind=one.kind,
        source=one.source,
        policy=one.policy,
    )
