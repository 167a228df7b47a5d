"""Letting a person sign in no more, or again, by hand: the one way of it, whichever door an administrator or the
operator comes through. What the directory said of his roles stays its word, and the last administrator stays."""

from __future__ import annotations

from dataclasses import replace

from domain.errors import PersonForgottenBefore
from domain.person import PutPerson, Role, check_others_administer
from projections.memberships import holders_of
from projections.people import PersonRow
from server.command_bus import UnitOfWork
from server.known_facts import described_person


def switched(work: UnitOfWork, person: PersonRow, *, disabled: bool) -> PutPerson:
    """Return the command that disables or enables a person; raises `LastAdministrator`, or
    `PersonForgottenBefore`."""
    record = described_person(work, person.person_id)
    if record is None:
        raise PersonForgottenBefore(person.person_id)
    if disabled:
        others = set(holders_of(work.rows, Role.ADMINISTRATOR)) - {person.person_id}
        check_others_administer(replace(record, roles=person.roles), others=bool(others))
    return PutPerson(person.person_id, replace(record, disabled=disabled))
