"""What identity providers do with groups. Members are changed in their own records, in the transaction of
the group: whoever asks sees both or neither."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from domain.group import GroupId, GroupRecord, PutGroup, RemoveGroup
from domain.person import PutPerson
from domain.ports import Clock, NewId, Rows
from domain.values import Actor, PersonId
from projections.groups import GroupRow, everybody_in, group_by_id, groups_like
from projections.people import PersonRow, person_by_id
from server.command_bus import CommandBus, CommandContext, UnitOfWork
from server.known_facts import described_person
from server.reads import Reads
from server.scim.faults import invalid, no_such
from server.scim.filters import columns_of
from server.scim.group_resource import FIELDS, group_document, group_record
from server.scim.paging import Paging, listed
from server.scim.patching import patch

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Groups:
    """``/Groups``."""

    bus: CommandBus
    reads: Reads
    clock: Clock
    new_id: NewId
    issuer: str

    async def create(self, actor: Actor, body: Mapping[str, Any]) -> Document:
        """Add a group; raises `ScimFault` or `Refused`."""
        record, members = group_record(body)
        group_id = GroupId(self.new_id())
        return await self.bus.call(lambda work: self._put(work, actor, group_id, record, members))

    async def get(self, group_id: str, query: Mapping[str, str]) -> Document:
        """Return a group; raises `ScimFault`."""
        bare = _without_members(query)

        def ask(rows: Rows) -> Document:
            return self._document(rows, _present(rows, group_id), bare=bare)

        return await self.reads.query(ask)

    async def search(self, query: Mapping[str, str]) -> Document:
        """Return a page of groups; raises `ScimFault`."""
        paging, bare = Paging.of(query), _without_members(query)
        wanted = columns_of(query["filter"], FIELDS) if query.get("filter") else {}

        def ask(rows: Rows) -> Document:
            total, found = groups_like(rows, wanted, paging.offset, paging.count)
            shown = [self._document(rows, one, bare=bare) for one in found]
            return listed(shown, total, paging)

        return await self.reads.query(ask)

    async def replace(self, actor: Actor, group_id: str, body: Mapping[str, Any]) -> Document:
        """Describe a group anew; raises `ScimFault` or `Refused`."""
        record, members = group_record(body)

        def put(work: UnitOfWork) -> Document:
            _present(work.rows, group_id)
            return self._put(work, actor, GroupId(group_id), record, members)

        return await self.bus.call(put)

    async def patch(self, actor: Actor, group_id: str, body: Mapping[str, Any]) -> Document:
        """Change a group; raises `ScimFault` or `Refused`."""

        def put(work: UnitOfWork) -> Document:
            present = self._document(work.rows, _present(work.rows, group_id), bare=False)
            record, members = group_record(patch(present, body))
            return self._put(work, actor, GroupId(group_id), record, members)

        return await self.bus.call(put)

    async def delete(self, actor: Actor, group_id: str) -> None:
        """Take everybody out of a group, and the group away; raises `ScimFault`."""

        def gone(work: UnitOfWork) -> None:
            group = _present(work.rows, group_id)
            context = self._context(actor)
            _move(work, context, everybody_in(work.rows, group.name), out_of=group.name)
            work.execute(RemoveGroup(group.group_id), context)

        await self.bus.call(gone)

    def _put(
        self,
        work: UnitOfWork,
        actor: Actor,
        group_id: GroupId,
        record: GroupRecord,
        members: frozenset[str],
    ) -> Document:
        context = self._context(actor)
        former = group_by_id(work.rows, group_id)
        work.execute(PutGroup(group_id, record), context)
        group = _present(work.rows, group_id)
        before = set(everybody_in(work.rows, former.name)) if former else set()
        if former is not None and former.name != group.name:
            _move(work, context, before, out_of=former.name)
            before = set()
        here = set(everybody_in(work.rows, group.name)) if former else before
        _move(work, context, here - members, out_of=group.name)
        _move(work, context, map(PersonId, sorted(members - here)), into=group.name)
        return self._document(work.rows, group, bare=False)

    def _context(self, actor: Actor) -> CommandContext:
        return CommandContext(actor, self.clock(), self.new_id())

    def _document(self, rows: Rows, group: GroupRow, *, bare: bool) -> Document:
        members: list[PersonRow] | None = None
        if not bare:
            found = (person_by_id(rows, one) for one in everybody_in(rows, group.name))
            members = [one for one in found if one is not None]
        return group_document(group, members, self.issuer)


def _present(rows: Rows, group_id: str) -> GroupRow:
    found = group_by_id(rows, group_id)
    if found is None:
        raise no_such("group")
    return found


def _move(
    work: UnitOfWork,
    context: CommandContext,
    people: Iterable[PersonId],
    *,
    out_of: str = "",
    into: str = "",
) -> None:
    """Take people out of a group, or into one; raises `ScimFault` for somebody who is not there."""
    for person_id in sorted(people):
        known = described_person(work, person_id)
        if known is None:
            raise invalid(f"There is no user {person_id[:60]}.")
        groups = (set(known.groups) - {out_of}) | ({into} if into else set())
        changed = replace(known, groups=tuple(sorted(groups)))
        work.execute(PutPerson(person_id, changed), context)


def _without_members(query: Mapping[str, str]) -> bool:
    excluded = query.get("excludedAttributes", "").lower()
    return "members" in [one.strip() for one in excluded.split(",")]
