"""Refusals because there is no such thing, or not for this caller: both look alike."""

from __future__ import annotations

from dataclasses import dataclass

from domain.errors.base import Missing


@dataclass(eq=True, unsafe_hash=True)
class UnknownApp(Missing):
    """No such app in the catalog, or none that this person may request."""

    code = "unknown_app"
    template = "No app {app_id} that you may request; find one with search_apps."
    app_id: str


@dataclass(eq=True, unsafe_hash=True)
class UnknownPermission(Missing):
    """No such permission in the catalog, or none that this person may request."""

    code = "unknown_permission"
    template = "You may request no {permission_id}; ask search_requestable_permissions for others."
    permission_id: str


@dataclass(eq=True, unsafe_hash=True)
class UnknownPerson(Missing):
    """No such person in the directory, or none the caller may name."""

    code = "unknown_person"
    template = "No person {person_id} for whom you may request access."
    person_id: str


@dataclass(eq=True, unsafe_hash=True)
class UnknownRequest(Missing):
    """No such request, or not one of the caller's."""

    code = "not_found"
    template = "You have no request {request_id}; list_access_requests shows yours."
    request_id: str


@dataclass(eq=True, unsafe_hash=True)
class UnknownConnection(Missing):
    """No consent of this id stands."""

    code = "unknown_connection"
    template = "No client is connected under {connection_id}; list_connected_clients shows all."
    connection_id: str


@dataclass(eq=True, unsafe_hash=True)
class UnknownResourceServer(Missing):
    """No resource server of this name may ask about tokens."""

    code = "unknown_resource_server"
    template = "There is no resource server {name}; resource-server list shows all."
    name: str


@dataclass(eq=True, unsafe_hash=True)
class NothingThere(Missing):
    """What an administrator or auditor names is not there; `hint` says how to find what is. Of the name only
    so much is said again as is plain to read."""

    code = "nothing_there"
    template = "There is no {kind} {name}; {hint}."
    kind: str
    name: str
    hint: str

    def __post_init__(self) -> None:
        self.name = "".join(one for one in self.name[:60] if one.isprintable())
