"""A resource server on another machine that may ask whether a token is good (RFC 7662): its name,
whose tokens it may ask about, and its secret. A rotation leaves the former secret good for a while,
so that nobody has to change two machines in one moment. Only digests enter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, assert_never

from domain.decider import Decider
from domain.errors import Invalid, MalformedText, NameTaken, UnknownResourceServer
from domain.values import StreamId, identifier, stream_id

OVERLAP = timedelta(hours=24)
NAME_LIMIT = 100


@dataclass(eq=True, unsafe_hash=True)
class UnknownResource(Invalid):
    """No resource of this authorization server has this URL."""

    code = "unknown_resource"
    template = "{resource} is no resource of this server; there are: {known}."
    resource: str
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AddResourceServer:
    """Let a resource server ask about tokens for `resource` (a URL, RFC 8707)."""

    name: str
    resource: str
    secret_digest: str


@dataclass(frozen=True, slots=True)
class RotateSecret:
    """Give it another secret; the former one stays good until `now` plus `overlap`."""

    name: str
    secret_digest: str
    now: datetime
    overlap: timedelta = OVERLAP


@dataclass(frozen=True, slots=True)
class RemoveResourceServer:
    """Let it ask no more."""

    name: str


@dataclass(frozen=True, slots=True)
class ResourceServerAdded:
    """A resource server may ask."""

    TOPIC: ClassVar[str] = "resource_server.added"
    SCHEMA: ClassVar[int] = 1
    name: str
    resource: str
    secret_digest: str


@dataclass(frozen=True, slots=True)
class ResourceServerSecretRotated:
    """Its secret changed; the former one is good until `former_good_until`."""

    TOPIC: ClassVar[str] = "resource_server.secret_rotated"
    SCHEMA: ClassVar[int] = 1
    name: str
    secret_digest: str
    former_digest: str
    former_good_until: datetime


@dataclass(frozen=True, slots=True)
class ResourceServerRemoved:
    """It may ask no more."""

    TOPIC: ClassVar[str] = "resource_server.removed"
    SCHEMA: ClassVar[int] = 1
    name: str


ResourceServerCommand = AddResourceServer | RotateSecret | RemoveResourceServer
ResourceServerEvent = ResourceServerAdded | ResourceServerSecretRotated | ResourceServerRemoved


@dataclass(frozen=True, slots=True)
class ResourceServer:
    """State: the digest of the present secret, or None while it may not ask."""

    secret_digest: str | None = None


def decide(
    state: ResourceServer, command: ResourceServerCommand, _facts: None
) -> Sequence[ResourceServerEvent]:
    """Decide on one resource server."""
    match command:
        case AddResourceServer():
            return _add(state, command)
        case RotateSecret():
            if state.secret_digest is None:
                raise UnknownResourceServer(command.name)
            until = command.now + command.overlap
            return [
                ResourceServerSecretRotated(
                    command.name, command.secret_digest, state.secret_digest, until
                )
            ]
        case RemoveResourceServer():
            if state.secret_digest is None:
                raise UnknownResourceServer(command.name)
            return [ResourceServerRemoved(command.name)]
        case _ as never:
            assert_never(never)


def _add(state: ResourceServer, command: AddResourceServer) -> Sequence[ResourceServerEvent]:
    identifier("name", command.name, limit=NAME_LIMIT)
    if ":" in command.name:
        # It is the user name of HTTP Basic (RFC 7617 §2).
        raise MalformedText("name")
    if state.secret_digest is not None:
        raise NameTaken(command.name)
    return [ResourceServerAdded(command.name, command.resource, command.secret_digest)]


def evolve(_state: ResourceServer, event: ResourceServerEvent) -> ResourceServer:
    """Fold one event."""
    match event:
        case ResourceServerAdded() | ResourceServerSecretRotated():
            return ResourceServer(event.secret_digest)
        case ResourceServerRemoved():
            return ResourceServer()
        case _ as never:
            assert_never(never)


DECIDER: Decider[ResourceServer, ResourceServerCommand, None, ResourceServerEvent] = Decider(
    category="resource_server", initial=ResourceServer(), decide=decide, evolve=evolve
)


def resource_server_stream(name: str) -> StreamId:
    """Return the stream of one resource server."""
    return stream_id(DECIDER.category, name)
