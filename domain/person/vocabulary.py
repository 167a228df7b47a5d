"""The words of the directory: roles, what is known of a person, what may be wished and what happens."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from domain.values import Personal, PersonId, RequestId

NAME_LIMIT = 200
MOST_ATTRIBUTES = 50
ISSUER_LIMIT = 500
SUBJECT_LIMIT = 255
"""OpenID Connect Core 1.0 §2 allows no longer subject."""


class Role(StrEnum):
    """What a person may do in Doorward itself."""

    EMPLOYEE = "employee"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person as described by the directory. `groups` are audiences of the catalog; `attributes`
    are further facts by name, such as a department."""

    username: Personal
    given_name: Personal
    family_name: Personal
    email: Personal
    manager: PersonId | None = None
    groups: tuple[str, ...] = ()
    roles: tuple[Role, ...] = (Role.EMPLOYEE,)
    disabled: bool = False
    attributes: tuple[tuple[str, Personal], ...] = ()


@dataclass(frozen=True, slots=True)
class PutPerson:
    """Make the directory hold this person as described."""

    person_id: PersonId
    record: PersonRecord


@dataclass(frozen=True, slots=True)
class NameFacts:
    """Who else is called what the person is to be called, be it in other letters; None if nobody is."""

    holder: PersonId | None


@dataclass(frozen=True, slots=True)
class PersonRegistered:
    """A person came into the directory."""

    TOPIC: ClassVar[str] = "person.registered"
    SCHEMA: ClassVar[int] = 2
    person_id: PersonId
    record: PersonRecord


@dataclass(frozen=True, slots=True)
class PersonChanged:
    """The directory's description of a person changed; `record` is the whole new one."""

    TOPIC: ClassVar[str] = "person.changed"
    SCHEMA: ClassVar[int] = 2
    person_id: PersonId
    record: PersonRecord


@dataclass(frozen=True, slots=True)
class LinkIdentity:
    """Say that the person is `subject` at the identity provider `issuer`."""

    person_id: PersonId
    issuer: str
    subject: Personal


@dataclass(frozen=True, slots=True)
class IdentityFacts:
    """Whose the identity is already; None while it is nobody's."""

    holder: PersonId | None


@dataclass(frozen=True, slots=True)
class IdentityLinked:
    """From now on whoever signs in as `subject` at `issuer` is this person."""

    TOPIC: ClassVar[str] = "person.identity_linked"
    SCHEMA: ClassVar[int] = 1
    person_id: PersonId
    issuer: str
    subject: Personal


@dataclass(frozen=True, slots=True)
class ForgetPerson:
    """Let nothing be known any more of a person who has left."""

    person_id: PersonId


@dataclass(frozen=True, slots=True)
class AccessFacts:
    """A request through which the person still holds or asks for anything; None if there is none."""

    request_id: RequestId | None


@dataclass(frozen=True, slots=True)
class PersonForgotten:
    """Nothing is known any more of this person: their key is destroyed, and whoever has copies of what
    it sealed should forget it too."""

    TOPIC: ClassVar[str] = "person.forgotten"
    SCHEMA: ClassVar[int] = 1
    person_id: PersonId


@dataclass(frozen=True, slots=True)
class GrantRole:
    """Give a person a role. `by` is the administrator who gives it, None the operator at the command line;
    `expected_version` is that of the person's stream as he saw it."""

    person_id: PersonId
    role: Role
    by: PersonId | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class RevokeRole:
    """Take a role from a person; the fields are those of `GrantRole`."""

    person_id: PersonId
    role: Role
    by: PersonId | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class ReleaseRole:
    """Give a role of a person back to the directory: he has it from now on if and only if the directory says
    so. The fields are those of `GrantRole`."""

    person_id: PersonId
    role: Role
    by: PersonId | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """What a decision on a role by hand rests on: the version of the person's stream, the record of who
    decides, and whether anybody else administers Doorward."""

    version: int = 0
    giver: PersonRecord | None = None
    other_administrators: bool = False


@dataclass(frozen=True, slots=True)
class RoleGranted:
    """Somebody gave a person a role; `roles` are all that they hold from now on."""

    TOPIC: ClassVar[str] = "person.role_granted"
    SCHEMA: ClassVar[int] = 1
    person_id: PersonId
    role: Role
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class RoleRevoked:
    """Somebody took a role from a person; `roles` are all that they hold from now on."""

    TOPIC: ClassVar[str] = "person.role_revoked"
    SCHEMA: ClassVar[int] = 1
    person_id: PersonId
    role: Role
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class RoleReleased:
    """Somebody gave a role of a person back to the directory; `roles` are all that they hold from now on, this
    one among them if the directory says so."""

    TOPIC: ClassVar[str] = "person.role_released"
    SCHEMA: ClassVar[int] = 1
    person_id: PersonId
    role: Role
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class RolesDescribed:
    """The directory says something else now of roles on which somebody has decided by hand; `roles` are all
    that it says. What the person holds is as before: this counts once such a role is released."""

    TOPIC: ClassVar[str] = "person.roles_described"
    SCHEMA: ClassVar[int] = 1
    person_id: PersonId
    roles: tuple[Role, ...]


RoleCommand = GrantRole | RevokeRole | ReleaseRole
PersonCommand = PutPerson | LinkIdentity | ForgetPerson | RoleCommand
PersonFacts = NameFacts | IdentityFacts | AccessFacts | RoleFacts | None
RoleEvent = RoleGranted | RoleRevoked | RoleReleased
PersonEvent = (
    PersonRegistered
    | PersonChanged
    | IdentityLinked
    | PersonForgotten
    | RoleEvent
    | RolesDescribed
)


@dataclass(frozen=True, slots=True)
class Person:
    """State of a person: the record, or None while he is unknown or once he is `forgotten`; the roles that
    somebody has `granted` him by hand, those that somebody has `withheld`, and those that the directory has
    `described` him with. The roles of the record are those that he holds by all of these."""

    record: PersonRecord | None = None
    forgotten: bool = False
    granted: frozenset[Role] = frozenset()
    withheld: frozenset[Role] = frozenset()
    described: frozenset[Role] = frozenset()

    @property
    def by_hand(self) -> frozenset[Role]:
        """The roles on which somebody has decided by hand."""
        return self.granted | self.withheld
