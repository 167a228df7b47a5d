"""What can be asked for: apps and their permissions, each a stream of its own. Owns adding,
changing, moving and retiring them; knows nothing of files, importers or search. An importer states
the wanted record (`PutApp`, `PutPermission`); the decider compares and appends an event only if
something changed, so importing the same file twice appends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, assert_never

from domain.decider import Decider
from domain.errors import MalformedText
from domain.values import (
    AppId,
    PermissionId,
    StreamId,
    clean_text,
    identifier,
    stream_id,
)

NAME_LIMIT = 200
TEXT_LIMIT = 4_000
EVERYONE = "everyone"
"""The audience that every person belongs to."""


@dataclass(frozen=True, slots=True)
class AppRecord:
    """An app as the catalog describes it. `audience` names the group that sees it, `policy` the rules
    for requests (empty: the default ones); `owners` are people by id or user name who may be
    named as approvers, `owner` says in words whose the app is."""

    name: str
    description: str = ""
    categories: tuple[str, ...] = ()
    audience: str = EVERYONE
    owner: str = ""
    instructions: str = ""
    source: str = ""
    logo_url: str | None = None
    website_url: str | None = None
    multiple_permissions: bool = True
    policy: str = ""
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PermissionRecord:
    """A permission as the catalog describes it. `kind` says what it is at its source; `policy` goes
    before that of its app (empty: the app's)."""

    app_id: AppId
    label: str
    description: str = ""
    kind: str = "role"
    source: str = ""
    policy: str = ""


@dataclass(frozen=True, slots=True)
class PutApp:
    """Make the catalog hold this app as described."""

    app_id: AppId
    record: AppRecord


@dataclass(frozen=True, slots=True)
class RetireApp:
    """Take the app out of the catalog; its history stays."""

    app_id: AppId


@dataclass(frozen=True, slots=True)
class PutPermission:
    """Make the catalog hold this permission as described."""

    permission_id: PermissionId
    record: PermissionRecord


@dataclass(frozen=True, slots=True)
class RetirePermission:
    """Take the permission out of the catalog; its history stays."""

    permission_id: PermissionId


@dataclass(frozen=True, slots=True)
class AppAdded:
    """An app came into the catalog, for the first time or again after it was retired."""

    TOPIC: ClassVar[str] = "app.added"
    SCHEMA: ClassVar[int] = 2
    app_id: AppId
    record: AppRecord


@dataclass(frozen=True, slots=True)
class AppChanged:
    """The description of an app changed; `record` is the whole new one."""

    TOPIC: ClassVar[str] = "app.changed"
    SCHEMA: ClassVar[int] = 2
    app_id: AppId
    record: AppRecord


@dataclass(frozen=True, slots=True)
class AppRetired:
    """An app left the catalog."""

    TOPIC: ClassVar[str] = "app.retired"
    SCHEMA: ClassVar[int] = 1
    app_id: AppId


@dataclass(frozen=True, slots=True)
class PermissionAdded:
    """A permission came into the catalog, for the first time or again after it was retired."""

    TOPIC: ClassVar[str] = "permission.added"
    SCHEMA: ClassVar[int] = 2
    permission_id: PermissionId
    record: PermissionRecord


@dataclass(frozen=True, slots=True)
class PermissionChanged:
    """The description of a permission, or the app it belongs to, changed."""

    TOPIC: ClassVar[str] = "permission.changed"
    SCHEMA: ClassVar[int] = 2
    permission_id: PermissionId
    record: PermissionRecord


@dataclass(frozen=True, slots=True)
class PermissionRetired:
    """A permission left the catalog."""

    TOPIC: ClassVar[str] = "permission.retired"
    SCHEMA: ClassVar[int] = 1
    permission_id: PermissionId
    app_id: AppId


AppCommand = PutApp | RetireApp
AppEvent = AppAdded | AppChanged | AppRetired
PermissionCommand = PutPermission | RetirePermission
PermissionEvent = PermissionAdded | PermissionChanged | PermissionRetired


@dataclass(frozen=True, slots=True)
class App:
    """State of an app: its record, or None before it was added and after it was retired."""

    record: AppRecord | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """State of a permission: its record, or None before it was added and once retired."""

    record: PermissionRecord | None = None


def _required(field: str, text: str) -> str:
    cleaned = clean_text(field, text, limit=NAME_LIMIT)
    if not cleaned:
        raise MalformedText(field)
    return cleaned


def _web_url(field: str, url: str | None) -> str | None:
    """Let only web addresses through: they are shown as links."""
    if url is not None and not url.lower().startswith(("https://", "http://")):
        raise MalformedText(field)
    return None if url is None else identifier(field, url, limit=TEXT_LIMIT)


def _named(field: str, text: str) -> str:
    return identifier(field, text) if text else ""


def app_record(record: AppRecord) -> AppRecord:
    """Return `record` cleaned; raises `Invalid` for a field that breaks its rule."""
    return AppRecord(
        name=_required("name", record.name),
        description=clean_text("description", record.description, limit=TEXT_LIMIT),
        categories=tuple(clean_text("category", c, limit=NAME_LIMIT) for c in record.categories),
        audience=identifier("audience", record.audience),
        owner=clean_text("owner", record.owner, limit=NAME_LIMIT),
        instructions=clean_text("instructions", record.instructions, limit=TEXT_LIMIT),
        source=clean_text("source", record.source, limit=NAME_LIMIT),
        logo_url=_web_url("logo_url", record.logo_url),
        website_url=_web_url("website_url", record.website_url),
        multiple_permissions=record.multiple_permissions,
        policy=_named("policy", record.policy),
        owners=tuple(sorted({identifier("owner", owner) for owner in record.owners})),
    )


def permission_record(record: PermissionRecord) -> PermissionRecord:
    """Return `record` cleaned; raises `Invalid` for a field that breaks its rule."""
    return PermissionRecord(
        app_id=AppId(identifier("app_id", record.app_id)),
        label=_required("label", record.label),
        description=clean_text("description", record.description, limit=TEXT_LIMIT),
        kind=clean_text("kind", record.kind, limit=NAME_LIMIT),
        source=clean_text("source", record.source, limit=NAME_LIMIT),
        policy=_named("policy", record.policy),
    )


def decide_app(state: App, command: AppCommand, _facts: None) -> Sequence[AppEvent]:
    """Decide on one app."""
    match command:
        case PutApp(app_id=app_id):
            identifier("app_id", app_id)
            record = app_record(command.record)
            if state.record is None:
                return [AppAdded(app_id, record)]
            return [] if record == state.record else [AppChanged(app_id, record)]
        case RetireApp():
            return [] if state.record is None else [AppRetired(command.app_id)]
        case _ as never:
            assert_never(never)


def evolve_app(_state: App, event: AppEvent) -> App:
    """Fold one app event."""
    match event:
        case AppAdded() | AppChanged():
            return App(event.record)
        case AppRetired():
            return App()
        case _ as never:
            assert_never(never)


def decide_permission(
    state: Permission, command: PermissionCommand, _facts: None
) -> Sequence[PermissionEvent]:
    """Decide on one permission."""
    match command:
        case PutPermission(permission_id=permission_id):
            identifier("permission_id", permission_id)
            record = permission_record(command.record)
            if state.record is None:
                return [PermissionAdded(permission_id, record)]
            return [] if record == state.record else [PermissionChanged(permission_id, record)]
        case RetirePermission():
            if state.record is None:
                return []
            return [PermissionRetired(command.permission_id, state.record.app_id)]
        case _ as never:
            assert_never(never)


def evolve_permission(_state: Permission, event: PermissionEvent) -> Permission:
    """Fold one permission event."""
    match event:
        case PermissionAdded() | PermissionChanged():
            return Permission(event.record)
        case PermissionRetired():
            return Permission()
        case _ as never:
            assert_never(never)


APP = Decider(category="app", initial=App(), decide=decide_app, evolve=evolve_app)
PERMISSION = Decider(
    category="permission",
    initial=Permission(),
    decide=decide_permission,
    evolve=evolve_permission,
)


def app_stream(app_id: AppId) -> StreamId:
    """Return the stream of one app."""
    return stream_id(APP.category, app_id)


def permission_stream(permission_id: PermissionId) -> StreamId:
    """Return the stream of one permission."""
    return stream_id(PERMISSION.category, permission_id)
