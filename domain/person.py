"""People as the directory describes them: who they are, whom they report to, which groups and
roles they hold, whether they are disabled. Passwords and sign-in are not here; they are rows that
are never part of history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, assert_never

from domain.decider import Decider
from domain.values import (
    Personal,
    PersonId,
    StreamId,
    clean_text,
    identifier,
    stream_id,
)

NAME_LIMIT = 200


class Role(StrEnum):
    """What a person may do in Doorward itself."""

    EMPLOYEE = "employee"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person as described by the directory. `groups` are audiences of the catalog."""

    username: Personal
    given_name: Personal
    family_name: Personal
    email: Personal
    manager: PersonId | None = None
    groups: tuple[str, ...] = ()
    roles: tuple[Role, ...] = (Role.EMPLOYEE,)
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class PutPerson:
    """Make the directory hold this person as described."""

    person_id: PersonId
    record: PersonRecord


@dataclass(frozen=True, slots=True)
class PersonRegistered:
    """A person came into the directory."""

    TOPIC: ClassVar[str] = "person.registered"
    SCHEMA: ClassVar[int] = 1
    person_id: PersonId
    record: PersonRecord


@dataclass(frozen=True, slots=True)
class PersonChanged:
    """The directory's description of a person changed; `record` is the whole new one."""

    TOPIC: ClassVar[str] = "person.changed"
    SCHEMA: ClassVar[int] = 1
    person_id: PersonId
    record: PersonRecord


PersonCommand = PutPerson
PersonEvent = PersonRegistered | PersonChanged


@dataclass(frozen=True, slots=True)
class Person:
    """State of a person: the record, or None while unknown."""

    record: PersonRecord | None = None


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
    )


def decide(state: Person, command: PersonCommand, _facts: None) -> Sequence[PersonEvent]:
    """Decide on one person."""
    match command:
        case PutPerson(person_id=person_id):
            identifier("person_id", person_id)
            record = _cleaned(person_id, command.record)
            if state.record is None:
                return [PersonRegistered(person_id, record)]
            return [] if record == state.record else [PersonChanged(person_id, record)]
        case _ as never:
            assert_never(never)


def evolve(_state: Person, event: PersonEvent) -> Person:
    """Fold one person event."""
    match event:
        case PersonRegistered() | PersonChanged():
            return Person(event.record)
        case _ as never:
            assert_never(never)


DECIDER = Decider(category="person", initial=Person(), decide=decide, evolve=evolve)


def person_stream(person_id: PersonId) -> StreamId:
    """Return the stream of one person."""
    return stream_id(DECIDER.category, person_id)
