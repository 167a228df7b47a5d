"""Forgetting a person who has left: his key is destroyed, read models are scrubbed in the same transaction,
and mails that were not sent, which would still tell of him, are dropped."""

from __future__ import annotations

from domain.errors import UnknownPerson
from domain.person import ForgetPerson
from domain.values import PersonId
from projections.people import PersonRow, person_called
from projections.request_history import said_by
from server.command_bus import CommandContext, Executed, UnitOfWork
from server.mail import outbox


def forget_person(work: UnitOfWork, named: str, context: CommandContext) -> Executed:
    """Forget the person of this id or user name; raises `domain.errors.Refused`."""
    found = person_called(work.rows, named)
    if found is None:
        raise UnknownPerson(PersonId(named[:200]))
    said = said_by(work.rows, found.person_id)
    done = work.execute(ForgetPerson(found.person_id), context)
    if done.changed:
        outbox.drop_what_tells_of(work.rows, _words_of(found), said)
    return done


def _words_of(person: PersonRow) -> tuple[str, ...]:
    """Return what a mail about somebody has of him in it."""
    return tuple(one for one in (person.email, person.username, person.full_name) if one)
