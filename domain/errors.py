"""Every refusal of the domain. A refusal is an answer, not a fault: it has a stable `code`, typed
fields, and a sentence that tells the reader what to do next. It knows no HTTP status and no
protocol: `server.errors` translates.

    Refused
     ├─ Invalid        the input breaks a rule of form
     │   ├─ MalformedText · TextTooLong · TooMany · UnknownField · InputMissing
     │   ├─ DurationNotOffered · StartInThePast · RepeatedPermission · PermissionOfOtherApp
     │   └─ OnePermissionOnly · NameTaken · PasswordLength
     ├─ Missing        no such thing, or not for this caller: both look alike
     │   ├─ UnknownApp · UnknownPermission · UnknownPerson · UnknownRequest
     │   └─ UnknownConnection · UnknownResourceServer
     ├─ Forbidden      the rules say no
     │   └─ PersonDisabled · OnBehalfNotAllowed
     ├─ Conflicting    the world has moved on
     │   ├─ AlreadyClosed · StaleVersion · IdempotencyKeyReused · ChangedMeanwhile
     │   └─ IdentityOfAnother
     └─ InvalidGrant   an OAuth grant is not, or no longer, good (RFC 6749 §5.2)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A rule said no. Subclasses are dataclasses, compared by type and fields."""

    code: ClassVar[str]
    template: ClassVar[str]

    @property
    def sentence(self) -> str:
        """What happened and what to do next, in words for a person or a model."""
        fields = {
            name: ", ".join(map(str, value)) if isinstance(value, tuple) else value
            for name, value in vars(self).items()
        }
        return self.template.format_map(fields)

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence}"


class Invalid(Refused):
    """The input breaks a rule of form."""


class Missing(Refused):
    """There is no such thing, or the caller may not know of it."""


class Forbidden(Refused):
    """The rules do not allow this."""


class Conflicting(Refused):
    """The action does not fit the present state."""


@dataclass(eq=True, unsafe_hash=True)
class MalformedText(Invalid):
    """A name or id holds characters it may not hold."""

    code = "malformed_text"
    template = "{field} holds characters that are not allowed there, or is empty."
    field: str


@dataclass(eq=True, unsafe_hash=True)
class TextTooLong(Invalid):
    """A text is longer than its limit (in characters)."""

    code = "text_too_long"
    template = "{field} is longer than {limit} characters; shorten it."
    field: str
    limit: int


@dataclass(eq=True, unsafe_hash=True)
class TooMany(Invalid):
    """A list holds more entries than its limit."""

    code = "too_many"
    template = "{field} holds more than {limit} entries; submit several requests."
    field: str
    limit: int


@dataclass(eq=True, unsafe_hash=True)
class UnknownField(Invalid):
    """A custom field is not asked for by the app's policy."""

    code = "unknown_field"
    template = "{field} is not a field of this request form; leave it out."
    field: str


@dataclass(eq=True, unsafe_hash=True)
class InputMissing(Invalid):
    """Required inputs were not given; nothing was submitted."""

    code = "input_missing"
    template = "Ask the person for {fields} and submit again."
    fields: tuple[str, ...]


@dataclass(eq=True, unsafe_hash=True)
class DurationNotOffered(Invalid):
    """The asked length of access (seconds, None = unlimited) is not among those offered."""

    code = "duration_not_offered"
    template = "This length of access is not offered here; choose one of access_length_options."
    asked: int | None
    offered: tuple[int | None, ...]


@dataclass(eq=True, unsafe_hash=True)
class StartInThePast(Invalid):
    """The asked start lies before now."""

    code = "start_in_the_past"
    template = "starts_at lies in the past; leave it out to start at once."


@dataclass(eq=True, unsafe_hash=True)
class RepeatedPermission(Invalid):
    """One permission was named twice in one request."""

    code = "repeated_permission"
    template = "{permission_id} is named twice; name each permission once."
    permission_id: str


@dataclass(eq=True, unsafe_hash=True)
class PermissionOfOtherApp(Invalid):
    """A permission does not belong to the named app."""

    code = "permission_of_other_app"
    template = "{permission_id} does not belong to {app_id}; submit one request for each app."
    permission_id: str
    app_id: str


@dataclass(eq=True, unsafe_hash=True)
class OnePermissionOnly(Invalid):
    """The app takes one permission in a request."""

    code = "one_permission_only"
    template = "{app_id} takes one permission in a request; submit one request for each."
    app_id: str


@dataclass(eq=True, unsafe_hash=True)
class NameTaken(Invalid):
    """Another has this name."""

    code = "name_taken"
    template = "The name {name} is taken; choose another."
    name: str


@dataclass(eq=True, unsafe_hash=True)
class PasswordLength(Invalid):
    """A password is too short or too long (NIST SP 800-63B §3.1.1.2)."""

    code = "password_length"
    template = "A password has from {least} to {most} characters."
    least: int
    most: int


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
class PersonDisabled(Forbidden):
    """The person is disabled in the directory."""

    code = "person_disabled"
    template = "This account is disabled; ask an administrator."
    person_id: str


@dataclass(eq=True, unsafe_hash=True)
class OnBehalfNotAllowed(Forbidden):
    """Policy does not let this person request for that one."""

    code = "on_behalf_not_allowed"
    template = "You may request access for yourself and for people who report to you."
    target: str


@dataclass(eq=True, unsafe_hash=True)
class AlreadyClosed(Conflicting):
    """The request has reached its end and takes no more decisions."""

    code = "already_closed"
    template = "The request is already {status}; submit a new one if access is needed."
    status: str


@dataclass(eq=True, unsafe_hash=True)
class StaleVersion(Conflicting):
    """The caller decided on an older version than the present one."""

    code = "stale_version"
    template = "You saw version {expected}, it is now {actual}; read it again."
    expected: int
    actual: int


@dataclass(eq=True, unsafe_hash=True)
class IdempotencyKeyReused(Conflicting):
    """The same idempotency key came with another body."""

    code = "idempotency_key_reused"
    template = "This idempotency_key was used for another submission; choose a new key."
    key: str


@dataclass(eq=True, unsafe_hash=True)
class ChangedMeanwhile(Conflicting):
    """Another writer changed the same thing at the same moment, several times."""

    code = "changed_meanwhile"
    template = "It changed while you were deciding; read it again and repeat."


@dataclass(eq=True, unsafe_hash=True)
class IdentityOfAnother(Conflicting):
    """The identity of the provider belongs to another person already."""

    code = "identity_of_another"
    template = "This identity belongs to another person here; ask an administrator."


@dataclass(eq=True, unsafe_hash=True)
class InvalidGrant(Refused):
    """The code, refresh token or family is unknown, used, expired, revoked or another client's.

    `reason` is for the log and for tests; the client only ever sees ``invalid_grant``.
    """

    code = "invalid_grant"
    template = "The grant is not valid any more; sign in again."
    reason: str
