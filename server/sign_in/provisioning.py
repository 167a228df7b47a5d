"""Local accounts made and mended by an operator: the first administrator of an empty store, further
people, new passwords. A password is shown once, to whoever asked for it, and kept as a hash."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from domain.errors import NameTaken, PasswordLength, UnknownPerson
from domain.person import PersonRecord, PutPerson, Role
from domain.ports import Clock, NewId
from domain.values import Actor, Personal, PersonId
from projections.people import any_person, person_by_username
from server.command_bus import CommandBus, CommandContext, UnitOfWork
from server.sign_in import sessions
from server.sign_in.accounts import PASSWORD_LIMIT, account, hash_password, set_password

FIRST = "admin"
LEAST = 8


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A person to be, with a local account. `manager` is another's user name."""

    username: str
    password: str = field(repr=False)
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    manager: str | None = None
    groups: tuple[str, ...] = ()
    roles: tuple[Role, ...] = (Role.EMPLOYEE,)


@dataclass(frozen=True, slots=True)
class Provisioning:
    """Makes accounts. Every call blocks; none runs on an event loop."""

    bus: CommandBus
    clock: Clock
    new_id: NewId

    def first_run(self, actor: Actor) -> str | None:
        """Give a store without any person an administrator; return his password, or None where
        there are people already, as after every start but the first."""
        if self.bus.call_blocking(lambda work: any_person(work.rows)):
            return None
        password = new_password()
        roles = (Role.EMPLOYEE, Role.ADMINISTRATOR)
        wanted = NewAccount(FIRST, password, given_name="Administrator", roles=roles)
        hashed = hash_password(password)

        def make(work: UnitOfWork) -> bool:
            if any_person(work.rows):
                return False
            self._put(work, wanted, hashed, actor)
            return True

        return password if self.bus.call_blocking(make) else None

    def add(self, wanted: NewAccount, actor: Actor) -> None:
        """Add a person with an account; raises `domain.errors.Refused`."""
        _check_length(wanted.password)
        hashed = hash_password(wanted.password)

        def make(work: UnitOfWork) -> None:
            if account(work.rows, wanted.username):
                raise NameTaken(wanted.username)
            self._put(work, wanted, hashed, actor)

        self.bus.call_blocking(make)

    def change_password(self, username: str, password: str) -> None:
        """Give an account another password and end the person's sessions; raises `UnknownPerson`."""
        _check_length(password)
        hashed = hash_password(password)

        def change(work: UnitOfWork) -> None:
            found = account(work.rows, username)
            if found is None:
                raise UnknownPerson(username)
            set_password(work.rows, found.person_id, username, hashed)
            sessions.close_sessions_of(work.rows, found.person_id)

        self.bus.call_blocking(change)

    def _put(self, work: UnitOfWork, wanted: NewAccount, hashed: str, actor: Actor) -> None:
        person_id = PersonId(self.new_id())
        manager = person_by_username(work.rows, wanted.manager) if wanted.manager else None
        if wanted.manager and manager is None:
            raise UnknownPerson(wanted.manager)
        record = PersonRecord(
            username=Personal(person_id, wanted.username),
            given_name=Personal(person_id, wanted.given_name or wanted.username),
            family_name=Personal(person_id, wanted.family_name),
            email=Personal(person_id, wanted.email),
            manager=manager.person_id if manager else None,
            groups=wanted.groups,
            roles=wanted.roles,
        )
        context = CommandContext(actor, self.clock(), self.new_id())
        work.execute(PutPerson(person_id, record), context)
        set_password(work.rows, person_id, wanted.username, hashed)


def _check_length(password: str) -> None:
    if not LEAST <= len(password) <= PASSWORD_LIMIT:
        raise PasswordLength(LEAST, PASSWORD_LIMIT)


def new_password() -> str:
    """Return a random password of 96 bits."""
    return secrets.token_urlsafe(12)
