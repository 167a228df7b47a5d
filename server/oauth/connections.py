"""Which clients act for whom, and the end of that: rows for the pages and for the administrators'
tools. Disconnecting revokes the consent, and its token families end in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.consent import RevokeConsent
from domain.ports import Clock, NewId, Rows
from domain.values import Actor, ConsentId, PersonId, Scopes
from projections.consents import ConsentRow, consent_by_id, consents_of
from projections.pages import Page
from projections.people import person_by_id
from projections.token_families import live_families
from server.command_bus import CommandBus, CommandContext
from server.oauth.last_use import LastUse, last_uses
from server.reads import Reads


@dataclass(frozen=True, slots=True)
class Connection:
    """One client that acts for one person. `sessions` counts its live token families."""

    consent_id: ConsentId
    person: PersonId
    person_name: str
    username: str
    client_id: str
    client_name: str
    resource: str
    redirect_origin: str
    scopes: Scopes
    connected_at: datetime
    used_at: datetime | None
    sessions: int


@dataclass(frozen=True, slots=True)
class Connections:
    """Lists and ends connections."""

    bus: CommandBus
    reads: Reads
    clock: Clock
    new_id: NewId
    last_use: LastUse

    async def of(self, person: PersonId | None, page: int, size: int) -> Page[Connection]:
        """Return the connections of a person, or of everybody, the newest first."""
        await self.last_use.write_down()
        return await self.reads.query(lambda rows: _connections(rows, person, page, size))

    async def disconnect(self, consent_id: str, actor: Actor, whose: PersonId | None) -> bool:
        """End a connection of this person, or of anybody where `whose` is None; False if there is
        none such."""
        row = await self.reads.query(lambda rows: consent_by_id(rows, consent_id))
        if row is None or whose not in (None, row.person):
            return False
        context = CommandContext(actor, self.clock(), self.new_id())
        return (await self.bus.execute(RevokeConsent(row.consent_id), context)).changed


def _connections(rows: Rows, person: PersonId | None, page: int, size: int) -> Page[Connection]:
    found = consents_of(rows, person, page=page, size=size)
    used = last_uses(rows, found.items)
    items = tuple(_connection(rows, one, used.get(one.consent_id)) for one in found.items)
    return Page(items, found.total, found.page, found.size)


def _connection(rows: Rows, consent: ConsentRow, used_at: datetime | None) -> Connection:
    person = person_by_id(rows, consent.person)
    return Connection(
        consent_id=consent.consent_id,
        person=consent.person,
        person_name=person.full_name if person else consent.person,
        username=person.username if person else "",
        client_id=consent.client_id,
        client_name=consent.client_name,
        resource=consent.resource,
        redirect_origin=consent.redirect_origin,
        scopes=consent.scopes,
        connected_at=consent.given_at,
        used_at=used_at,
        sessions=len(live_families(rows, consent_id=consent.consent_id)),
    )
