"""Roles given, taken and released, by whatever door: the command line and the web come through `change_role`, MCP
through its own rule of changes. What the directory's word counts beside that is said in `domain.person.roles`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.errors import UnknownPerson
from domain.person import (
    DECIDER,
    GrantRole,
    PersonEvent,
    ReleaseRole,
    RevokeRole,
    Role,
    RoleEvent,
    RoleGranted,
    RoleReleased,
    person_stream,
)
from domain.ports import EventStore, Rows
from domain.values import PersonId, Via
from projections.people import PersonRow, person_called
from server.command_bus import CommandContext, Executed, UnitOfWork


@dataclass(frozen=True, slots=True)
class RoleWish:
    """Which role somebody, named by id or user name, shall have or have no more, or, where `held` is None, have
    if the directory says so. `expected_version` is that of the person as the page or tool showed him, None
    where that does not matter."""

    person: str
    role: Role
    held: bool | None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class RoleChange:
    """A role that was given or taken, or released, where `held` is None: when, by whom (None: by no person of
    the directory), through what door."""

    role: Role
    held: bool | None
    at: datetime
    by: PersonId | None
    via: Via


@dataclass(frozen=True, slots=True)
class PersonRoles:
    """A person with the version of his stream; the roles on which somebody has decided by hand, and those that
    the directory says; and every decision on his roles by hand, the newest first."""

    person: PersonRow
    version: int
    by_hand: frozenset[Role]
    described: frozenset[Role]
    changes: tuple[RoleChange, ...]


_COMMANDS = {True: GrantRole, False: RevokeRole, None: ReleaseRole}


def named_person(rows: Rows, named: str) -> PersonRow:
    """Return the person of this id or user name; raises `UnknownPerson`."""
    found = person_called(rows, named)
    if found is None:
        raise UnknownPerson(named[:200])
    return found


def change_role(
    work: UnitOfWork, wish: RoleWish, context: CommandContext, *, dry_run: bool = False
) -> Executed:
    """Give, take or release a role in the name of the context's actor, inside one transaction; with `dry_run`
    only say what would happen. Whoever acts as a person has to be an administrator at that very moment; an actor
    without a person is the operator. Raises `domain.errors.Refused`."""
    person_id = named_person(work.rows, wish.person).person_id
    said = _COMMANDS[wish.held](person_id, wish.role, context.actor.subject, wish.expected_version)
    return work.execute(said, context, dry_run=dry_run)


def roles_of(store: EventStore, named: str) -> PersonRoles:
    """Return what roles a person has and who decided on them by hand; raises `UnknownPerson`. Blocking."""
    with store.read() as rows:
        person = named_person(rows, named)
    recorded = store.stream(person_stream(person.person_id))
    changes = [
        RoleChange(
            event.role,
            None if isinstance(event, RoleReleased) else isinstance(event, RoleGranted),
            one.envelope.recorded_at,
            one.envelope.actor.subject,
            one.envelope.actor.via,
        )
        for one in recorded
        if isinstance(event := one.envelope.event, RoleEvent)
    ]
    events = [one.envelope.event for one in recorded]
    state = DECIDER.fold([one for one in events if isinstance(one, PersonEvent)])
    newest_first = tuple(reversed(changes))
    return PersonRoles(person, len(recorded), state.by_hand, state.described, newest_first)
