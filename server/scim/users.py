"""What identity providers do with people: each call is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from domain.person import PersonRecord, PutPerson, username_key
from domain.ports import Clock, NewId, Rows
from domain.values import Actor, Personal, PersonId
from projections.groups import group_by_name
from projections.identities import person_id_of
from projections.people import (
    DELETED_MARK,
    EXTERNAL_ID,
    PersonRow,
    people_like,
    person_by_id,
)
from server.command_bus import CommandBus, CommandContext, UnitOfWork
from server.known_facts import described_person
from server.reads import Reads
from server.scim.faults import ScimFault, no_such
from server.scim.filters import columns_of
from server.scim.paging import Paging, listed
from server.scim.patching import patch
from server.scim.reading import Reading
from server.scim.user_resource import FIELDS, person_record, user_document

Document = dict[str, Any]
TAKEN = "Another user has this externalId."


@dataclass(frozen=True, slots=True)
class Users:
    """``/Users``."""

    bus: CommandBus
    reads: Reads
    clock: Clock
    new_id: NewId
    issuer: str
    provider: str = ""
    """The identity provider whose subjects are SCIM's external ids; empty where they are not."""

    async def create(self, actor: Actor, body: Mapping[str, Any]) -> Document:
        """Add a person; raises `ScimFault` or `Refused`."""
        person_id = await self.reads.query(lambda rows: self._signed_in_before(rows, body))
        if person_id is not None:
            return await self.replace(actor, person_id, body)
        person_id = PersonId(self.new_id())
        record = person_record(body, person_id, None)
        return await self._put(actor, person_id, lambda _work: record)

    def _signed_in_before(self, rows: Rows, body: Mapping[str, Any]) -> PersonId | None:
        """Return who has signed in as this subject already, and was not provisioned then."""
        external = Reading(body).text("externalId")
        if not self.provider or not external:
            return None
        person_id = person_id_of(rows, self.provider, external)
        known = person_by_id(rows, person_id) if person_id else None
        unmanaged = known is not None and EXTERNAL_ID not in dict(known.attributes)
        return person_id if unmanaged else None

    async def get(self, person_id: str, _query: Mapping[str, str]) -> Document:
        """Return a person; raises `ScimFault`."""
        return await self.reads.query(lambda rows: self._shown(rows, person_id))

    async def search(self, query: Mapping[str, str]) -> Document:
        """Return a page of people; raises `ScimFault`."""
        paging = Paging.of(query)
        wanted = columns_of(query["filter"], FIELDS) if query.get("filter") else {}
        if "username_key" in wanted:
            wanted["username_key"] = username_key(wanted["username_key"])

        def ask(rows: Rows) -> Document:
            total, found = people_like(rows, wanted, paging.offset, paging.count)
            return listed([self._document(rows, one) for one in found], total, paging)

        return await self.reads.query(ask)

    async def replace(self, actor: Actor, person_id: str, body: Mapping[str, Any]) -> Document:
        """Describe a person anew; raises `ScimFault` or `Refused`."""

        def record(work: UnitOfWork) -> PersonRecord:
            return person_record(body, PersonId(person_id), _present(work.rows, person_id))

        return await self._put(actor, PersonId(person_id), record)

    async def patch(self, actor: Actor, person_id: str, body: Mapping[str, Any]) -> Document:
        """Change a person; raises `ScimFault` or `Refused`."""

        def record(work: UnitOfWork) -> PersonRecord:
            present = _present(work.rows, person_id)
            shown = user_document(present, [], self.issuer)
            del shown["displayName"]  # It follows from the names, and must not become one.
            document = patch(shown, body)
            return person_record(document, PersonId(person_id), present)

        return await self._put(actor, PersonId(person_id), record)

    async def delete(self, actor: Actor, person_id: str) -> None:
        """Disable a person for good, and leave his user name to others; raises `ScimFault`."""

        def gone(work: UnitOfWork) -> None:
            _present(work.rows, person_id)
            record = described_person(work, PersonId(person_id))
            if record is None:
                raise no_such("user")
            name = f"{record.username.text[:150]}{DELETED_MARK}{person_id[-8:]}"
            kept = tuple(one for one in record.attributes if one[0] != EXTERNAL_ID)
            left = replace(
                record,
                username=Personal(PersonId(person_id), name),
                groups=(),
                disabled=True,
                attributes=kept,
            )
            work.execute(PutPerson(PersonId(person_id), left), self._context(actor))

        await self.bus.call(gone)

    async def _put(
        self, actor: Actor, person_id: PersonId, record_of: Callable[[UnitOfWork], PersonRecord]
    ) -> Document:
        def put(work: UnitOfWork) -> Document:
            record = record_of(work)
            # No SCIM user says anything of roles in Doorward.
            if standing := described_person(work, person_id):
                record = replace(record, roles=standing.roles)
            _check_external(work.rows, person_id, record)
            work.execute(PutPerson(person_id, record), self._context(actor))
            return self._shown(work.rows, person_id)

        return await self.bus.call(put)

    def _context(self, actor: Actor) -> CommandContext:
        return CommandContext(actor, self.clock(), self.new_id())

    def _shown(self, rows: Rows, person_id: str) -> Document:
        return self._document(rows, _present(rows, person_id))

    def _document(self, rows: Rows, person: PersonRow) -> Document:
        found = [group_by_name(rows, name) for name in person.groups]
        groups = [
            {"value": one.group_id, "display": one.display_name}
            for one in found
            if one is not None
        ]
        return user_document(person, groups, self.issuer)


def _present(rows: Rows, person_id: str) -> PersonRow:
    found = person_by_id(rows, person_id)
    if found is None or DELETED_MARK in found.username:
        raise no_such("user")
    return found


def _check_external(rows: Rows, person_id: PersonId, record: PersonRecord) -> None:
    external = dict(record.attributes).get(EXTERNAL_ID)
    if external is None or not external.text:
        return
    _, found = people_like(rows, {EXTERNAL_ID: external.text}, 0, 2)
    if any(one.person_id != person_id for one in found):
        raise ScimFault(409, TAKEN, "uniqueness")
