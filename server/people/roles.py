"""Roles given and taken, by whatever door: the command line, the web and MCP all come through `change_role`.
What the directory's word counts beside that is said in `domain.person.roles`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.errors import UnknownPerson
from domain.person import GrantRole, RevokeRole, Role, RoleGranted, RoleRevoked, person_stream
from domain.ports import EventStore, Rows
from domain.values import PersonId, Via
from projections.people import PersonRow, person_called
from server.command_bus import CommandContext, Executed, UnitOfWork


@dataclass(frozen=True, slots=True)
class RoleWish:
    """Which role somebody, named by id or user name, shall have or have no more. `expected_version` is that of
    the person as the page or tool showed him, None where that does not matter."""

    person: str
    role: Role
    held: bool
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class RoleChange:
    """A role that was given or taken: when, by whom (None: by no person of the directory), through what door."""

    role: Role
    held: bool
    at: datetime
    by: PersonId | None
    via: Via


@dataclass(frozen=True, slots=True)
class PersonRoles:
    """A person with the version of his stream, and every role that was given to him or taken by hand, the
    newest first."""

    person: PersonRow
    version: int
    changes: tuple[RoleChange, ...]


def named_person(rows: Rows, named: str) -> PersonRow:
    """Return the person of this id or user name; raises `UnknownPerson`."""
    found = person_called(rows, named)
    if found is None:
        raise UnknownPerson(named[:200])
    return found


def change_role(
    work: UnitOfWork, wish: RoleWish, context: CommandContext, *, dry_run: bool = False
) -> Executed:
    """Give or take a role in the name of the context's actor, inside one transaction; with `dry_run` only say
    what would happen. Whoever acts as a person has to be an administrator at that very moment; an actor without
    a person is the operator. Raises `domain.errors.Refused`."""
    person_id = named_person(work.rows, wish.person).person_id
    command = GrantRole if wish.held else RevokeRole
    said = command(person_id, wish.role, context.actor.subject, wish.expected_version)
    return work.execute(said, context, dry_run=dry_run)


def roles_of(store: EventStore, named: str) -> PersonRoles:
    """Return what roles a person has and who gave and took them; raises `UnknownPerson`. Blocking."""
    with store.read() as rows:
        person = named_person(rows, named)
    recorded = store.stream(person_stream(person.person_id))
    changes = [
        RoleChange(
            event.role,
            isinstance(event, RoleGranted),
            one.envelope.recorded_at,
            one.envelope.actor.subject,
            one.envelope.actor.via,
        )
        for one in recorded
        if isinstance(event := one.envelope.event, RoleGranted | RoleRevoked)
    ]
    return PersonRoles(person, len(recorded), tuple(reversed(changes)))
