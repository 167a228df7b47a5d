"""Systems that take part in requests by themselves: they may decide, grant and remove, or only listen,
for all apps or for some. An integration is known by its name, which its transport vouches for, and
by public keys alone; what is secret never enters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import ClassVar, assert_never

from domain.decider import Decider
from domain.errors import Invalid, MalformedText, Missing, NameTaken, TooMany
from domain.values import StreamId, identifier, stream_id

MOST_APPS = 200
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_NKEY = re.compile(r"U[A-Z2-7]{55}")
_SIGNING_KEY = re.compile(r"[A-Za-z0-9_-]{43}")
"""An Ed25519 public key as `x` of a JWK (RFC 8037 §2): 32 bytes, base64url."""


class Right(StrEnum):
    """What an integration may do."""

    DECIDE = "decide"
    FULFIL = "fulfil"
    SUBSCRIBE = "subscribe"


@dataclass(frozen=True, slots=True)
class IntegrationKey:
    """A key with which an integration signs in: the secret, and what the other side knows of it."""

    secret: str = field(repr=False)
    public: str


@dataclass(eq=True, unsafe_hash=True)
class UnknownIntegration(Missing):
    """No integration of this name stands."""

    code = "unknown_integration"
    template = "There is no integration {name}; integration list shows all."
    name: str


@dataclass(eq=True, unsafe_hash=True)
class NoRights(Invalid):
    """An integration without rights would be of no use."""

    code = "no_rights"
    template = "An integration must be allowed something: decide, fulfil or subscribe."


@dataclass(frozen=True, slots=True)
class IntegrationRecord:
    """What an integration may do, for which apps (none named: all), and its public keys: the NKey it
    signs in to NATS with (empty: it does not), and the one its decisions are signed with (Ed25519,
    base64url; empty: they are not)."""

    rights: tuple[Right, ...]
    apps: tuple[str, ...] = ()
    nkey: str = ""
    signing_key: str = ""


@dataclass(frozen=True, slots=True)
class AddIntegration:
    """Let a new integration take part."""

    name: str
    record: IntegrationRecord


@dataclass(frozen=True, slots=True)
class ChangeIntegration:
    """Let it be as described from now on."""

    name: str
    record: IntegrationRecord


@dataclass(frozen=True, slots=True)
class RemoveIntegration:
    """Let it take part no more."""

    name: str


@dataclass(frozen=True, slots=True)
class IntegrationAdded:
    """An integration may take part."""

    TOPIC: ClassVar[str] = "integration.added"
    SCHEMA: ClassVar[int] = 1
    name: str
    record: IntegrationRecord


@dataclass(frozen=True, slots=True)
class IntegrationChanged:
    """Its rights or keys changed; `record` is the whole new one."""

    TOPIC: ClassVar[str] = "integration.changed"
    SCHEMA: ClassVar[int] = 1
    name: str
    record: IntegrationRecord


@dataclass(frozen=True, slots=True)
class IntegrationRemoved:
    """It takes part no more; its name may be given again."""

    TOPIC: ClassVar[str] = "integration.removed"
    SCHEMA: ClassVar[int] = 1
    name: str


IntegrationCommand = AddIntegration | ChangeIntegration | RemoveIntegration
IntegrationEvent = IntegrationAdded | IntegrationChanged | IntegrationRemoved


@dataclass(frozen=True, slots=True)
class Integration:
    """State of an integration: the record while it stands."""

    record: IntegrationRecord | None = None


def decide(
    state: Integration, command: IntegrationCommand, _facts: None
) -> Sequence[IntegrationEvent]:
    """Decide on one integration."""
    match command:
        case AddIntegration(name=name):
            if state.record is not None:
                raise NameTaken(name)
            return [IntegrationAdded(_checked_name(name), _checked(command.record))]
        case ChangeIntegration(name=name):
            if state.record is None:
                raise UnknownIntegration(name)
            record = _checked(command.record)
            return [] if record == state.record else [IntegrationChanged(name, record)]
        case RemoveIntegration(name=name):
            if state.record is None:
                raise UnknownIntegration(name)
            return [IntegrationRemoved(name)]
        case _ as never:
            assert_never(never)


def _checked_name(name: str) -> str:
    """Return a name that can be a token of a subject, of a stream's consumer and of an account."""
    if not _NAME.fullmatch(name):
        raise MalformedText("name")
    return name


def _checked(record: IntegrationRecord) -> IntegrationRecord:
    if not record.rights:
        raise NoRights
    if record.nkey and not _NKEY.fullmatch(record.nkey):
        raise MalformedText("nkey")
    if record.signing_key and not _SIGNING_KEY.fullmatch(record.signing_key):
        raise MalformedText("signing_key")
    if len(record.apps) > MOST_APPS:
        raise TooMany("apps", MOST_APPS)
    apps = {identifier("app", app) for app in record.apps}
    return replace(record, rights=tuple(sorted(set(record.rights))), apps=tuple(sorted(apps)))


def evolve(_state: Integration, event: IntegrationEvent) -> Integration:
    """Fold one integration event."""
    match event:
        case IntegrationAdded(record=record) | IntegrationChanged(record=record):
            return Integration(record)
        case IntegrationRemoved():
            return Integration()
        case _ as never:
            assert_never(never)


DECIDER: Decider[Integration, IntegrationCommand, None, IntegrationEvent] = Decider(
    category="integration", initial=Integration(), decide=decide, evolve=evolve
)


def integration_stream(name: str) -> StreamId:
    """Return the stream of one integration."""
    return stream_id(DECIDER.category, name)
