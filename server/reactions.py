"""What follows from what, in the same transaction: a revoked consent ends its token families, a
disabled person loses every way in, a forgotten one his key. So no query ever sees the one without the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from domain.consent import ConsentRevoked
from domain.person import PersonChanged, PersonForgotten
from domain.token_family import EndFamily, EndReason
from projections.token_families import FamilyRow, live_families
from server.command_bus import CommandContext, Reactions, UnitOfWork
from server.request_reactions import REQUEST_REACTIONS, person_known
from server.sign_in import accounts, sessions
from server.webhooks import reactions as webhooks


def _end(
    work: UnitOfWork, families: Sequence[FamilyRow], reason: EndReason, context: CommandContext
) -> None:
    for family in families:
        work.execute(EndFamily(family.family_id, reason), context)


def _consent_revoked(work: UnitOfWork, event: ConsentRevoked, context: CommandContext) -> None:
    families = live_families(work.rows, consent_id=event.consent_id)
    _end(work, families, EndReason.CONSENT_REVOKED, context)


def _person_changed(work: UnitOfWork, event: PersonChanged, context: CommandContext) -> None:
    person_known(work, event, context)
    if event.record.disabled:
        families = live_families(work.rows, person=event.person_id)
        _end(work, families, EndReason.PERSON_DISABLED, context)
        sessions.close_sessions_of(work.rows, event.person_id)


def _person_forgotten(work: UnitOfWork, event: PersonForgotten, _context: CommandContext) -> None:
    work.forget(event.person_id)
    sessions.close_sessions_of(work.rows, event.person_id)
    accounts.remove_account(work.rows, event.person_id)


REACTIONS: Reactions = {
    **webhooks.REACTIONS,
    **REQUEST_REACTIONS,
    ConsentRevoked: _consent_revoked,
    PersonChanged: _person_changed,
    PersonForgotten: _person_forgotten,
}


def joined(first: Reactions, second: Reactions) -> Reactions:
    """Return the reactions of both; to an event that both react to, the first comes first."""

    def both(kind: type) -> Callable[[UnitOfWork, Any, CommandContext], None]:
        def react(work: UnitOfWork, event: Any, context: CommandContext) -> None:
            first[kind](work, event, context)
            second[kind](work, event, context)

        return react

    return {**first, **second, **{kind: both(kind) for kind in first if kind in second}}
