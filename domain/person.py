"""People as the directory describes them: who they are, whom they report to, which groups and
roles they hold, whether they are disabled, and which identities of which provider are theirs. One who
has left may be forgotten: what is known of him is gone, and his id is never used again.
Passwords and sessions are not here; they are rows that are never part of history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from operator import itemgetter
from typing import ClassVar, assert_never

from domain.decider import Decider
from domain.errors import (
    IdentityOfAnother,
    MalformedText,
    PersonForgottenBefore,
    PersonStillActive,
    PersonStillHolds,
    TooMany,
    UnknownPerson,
)
from domain.values import (
    Personal,
    PersonId,
    RequestId,
    StreamId,
    clean_text,
    identifier,
    stream_id,
)

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
    """Nothing is known any more of this person: his key is destroyed, and whoever has copies of what
    it sealed should forget it too."""

    TOPIC: ClassVar[str] = "person.forgotten"
    SCHEMA: ClassVar[int] = 1
    person_id: PersonId


PersonCommand = PutPerson | LinkIdentity | ForgetPerson
PersonFacts = IdentityFacts | AccessFacts | None
"""`PutPerson` rests on none."""
PersonEvent = PersonRegistered | PersonChanged | IdentityLinked | PersonForgotten


@dataclass(frozen=True, slots=True)
class Person:
    """State of a person: the record, or None while he is unknown or once he is `forgotten`."""

    record: PersonRecord | None = None
    forgotten: bool = False


def _cleaned(person_id: PersonId, record: PersonRecord) -> PersonRecord:
    def text(field: str, value: Personal) -> Personal:
        return Personal(person_id, clean_text(field, value.text, limit=NAME_LIMIT))

    return PersonRecord(
        username=Personal(person_id, identifier("username", record.username.text)),
        given_name=text("given_name", record.given_name),
        family_name=text("family_name", record.family_name),
        email=text("email", record.email),
        manager=record.manager,
        groups=tuple(sorted({identifier("group", group) for group in record.groups})),
        roles=tuple(sorted(set(record.roles))),
        disabled=record.disabled,
        attributes=_attributes(person_id, record),
    )


def _attributes(person_id: PersonId, record: PersonRecord) -> tuple[tuple[str, Personal], ...]:
    if len(record.attributes) > MOST_ATTRIBUTES:
        raise TooMany("attributes", MOST_ATTRIBUTES)
    cleaned: dict[str, Personal] = {}
    for name, value in record.attributes:
        text = clean_text(name, value.text, limit=NAME_LIMIT)
        if text:
            cleaned[identifier("attribute", name)] = Personal(person_id, text)
    return tuple(sorted(cleaned.items(), key=itemgetter(0)))


def decide(state: Person, command: PersonCommand, facts: PersonFacts) -> Sequence[PersonEvent]:
    """Decide on one person."""
    match command:
        case PutPerson(person_id=person_id):
            identifier("person_id", person_id)
            if state.forgotten:
                raise PersonForgottenBefore(person_id)
            record = _cleaned(person_id, command.record)
            if state.record is None:
                return [PersonRegistered(person_id, record)]
            return [] if record == state.record else [PersonChanged(person_id, record)]
        case LinkIdentity():
            return _link(state, command, facts)
        case ForgetPerson():
            return _forget(state, command, facts)
        case _ as never:
            assert_never(never)


def _forget(state: Person, command: ForgetPerson, facts: PersonFacts) -> Sequence[PersonEvent]:
    """Whoever may still sign in, or may still enter anything, has to be known."""
    if state.forgotten:
        return []
    if state.record is None:
        raise UnknownPerson(command.person_id)
    if not state.record.disabled:
        raise PersonStillActive
    if isinstance(facts, AccessFacts) and facts.request_id is not None:
        raise PersonStillHolds(facts.request_id)
    return [PersonForgotten(command.person_id)]


def _link(state: Person, command: LinkIdentity, facts: PersonFacts) -> Sequence[PersonEvent]:
    """An identity is one person's for ever: another's is never taken over."""
    person_id, issuer, subject = command.person_id, command.issuer, command.subject.text
    check_identity(issuer, subject)
    if state.record is None:
        raise UnknownPerson(person_id)
    holder = facts.holder if isinstance(facts, IdentityFacts) else None
    if holder not in (None, person_id):
        raise IdentityOfAnother
    linked = IdentityLinked(person_id, issuer, Personal(person_id, subject))
    return [] if holder == person_id else [linked]


def check_identity(issuer: str, subject: str) -> None:
    """Refuse what cannot name anybody: as `Invalid`, and before it meets any table."""
    identifier("issuer", issuer, limit=ISSUER_LIMIT)
    if not subject or clean_text("subject", subject, limit=SUBJECT_LIMIT) != subject:
        raise MalformedText("subject")


def evolve(state: Person, event: PersonEvent) -> Person:
    """Fold one person event."""
    match event:
        case PersonRegistered() | PersonChanged():
            return replace(state, record=event.record)
        case IdentityLinked():
            return state
        case PersonForgotten():
            return Person(forgotten=True)
        case _ as never:
            assert_never(never)


DECIDER: Decider[Person, PersonCommand, PersonFacts, PersonEvent] = Decider(
    category="person", initial=Person(), decide=decide, evolve=evolve
)


def person_stream(person_id: PersonId) -> StreamId:
    """Return the stream of one person."""
    return stream_id(DECIDER.category, person_id)
