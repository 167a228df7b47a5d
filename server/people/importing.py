"""Making the directory hold the people of a file: all of it is checked before anything is written, then one
command for each person, in jobs of a bounded size. Importing again after a crash finishes the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from domain import person
from domain.errors import Invalid, NameTaken
from domain.person import (
    Person,
    PersonRecord,
    PersonRegistered,
    PutPerson,
    person_stream,
    standing_roles,
    username_key,
)
from domain.ports import Clock, NewId, Rows
from domain.values import Actor, Personal, PersonId
from projections.people import EXTERNAL_ID, other_called, person_by_id, person_by_username
from server.command_bus import CommandBus, CommandContext, UnitOfWork
from server.known_facts import described_person
from server.people.file import BadPeople, PersonEntry
from server.reads import Reads

JOB = 200
"""People in one job: a few milliseconds of the writer."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How far it has come: `done` of `total`, of which so many are new or changed. `kept` are the people
    of whom the file says other roles than somebody has decided by hand, which stay."""

    total: int
    done: int = 0
    added: int = 0
    changed: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Importing:
    """Imports people; every call blocks."""

    bus: CommandBus
    reads: Reads
    clock: Clock
    new_id: NewId

    def run(
        self,
        entries: Sequence[PersonEntry],
        actor: Actor,
        report: Callable[[Imported], None],
        *,
        dry_run: bool = False,
    ) -> Imported:
        """Put everybody; with `dry_run` only say what would change. Raises `BadPeople`."""
        ids = self.reads.blocking(lambda rows: self._ids(rows, entries))
        _check_managers(entries, ids, self.reads)
        _check(entries, ids)
        self.reads.blocking(lambda rows: _check_names(rows, entries, ids))
        context = CommandContext(actor, self.clock(), self.new_id())
        progress = Imported(len(entries))
        for start in range(0, len(entries), JOB):
            job = entries[start : start + JOB]
            now = replace(context, now=self.clock())
            done = self.bus.call_blocking(partial(_put_all, job, ids, now, dry_run))
            progress = replace(
                progress,
                done=progress.done + len(job),
                added=progress.added + done[0],
                changed=progress.changed + done[1],
                kept=progress.kept + done[2],
            )
            report(progress)
        return progress

    def _ids(self, rows: Rows, entries: Sequence[PersonEntry]) -> dict[str, PersonId]:
        """Return everybody's id: that of whom the directory knows by id or user name, else a new one."""
        ids: dict[str, PersonId] = {}
        for entry in entries:
            known = (person_by_id(rows, entry.id) if entry.id else None) or person_by_username(
                rows, entry.username
            )
            if known is not None and entry.id not in (None, known.person_id):
                raise BadPeople(
                    f"{entry.username[:80]!r}, field id: this user name is {known.person_id}'s"
                )
            ids[entry.username] = known.person_id if known else PersonId(entry.id or self.new_id())
        return ids


def _check_managers(
    entries: Sequence[PersonEntry], ids: Mapping[str, PersonId], reads: Reads
) -> None:
    missing = {one.manager for one in entries if one.manager and one.manager not in ids}

    def known(rows: Rows) -> set[str]:
        return {name for name in missing if person_by_username(rows, name) is not None}

    unknown = missing - reads.blocking(known)
    for entry in entries:
        if entry.manager in unknown:
            raise BadPeople(
                f"{entry.username[:80]!r}, field manager: nobody is called {entry.manager[:80]!r}"
            )


def _check(entries: Sequence[PersonEntry], ids: Mapping[str, PersonId]) -> None:
    """Let the domain look at each record before any is written."""
    for entry in entries:
        record = record_of(entry, ids[entry.username], None, None)
        try:
            person.DECIDER.decide(Person(), PutPerson(ids[entry.username], record), None)
        except Invalid as refusal:
            raise BadPeople(f"{entry.username[:80]!r}: {refusal.sentence}") from None


def _check_names(rows: Rows, entries: Sequence[PersonEntry], ids: Mapping[str, PersonId]) -> None:
    """Refuse a new name that another has, in whatever letters: in the directory, or before him in the file."""
    named: dict[str, PersonId] = {}
    for entry in entries:
        person_id = ids[entry.username]
        standing = person_by_id(rows, person_id)
        first = named.setdefault(username_key(entry.username), person_id)
        if standing is not None and standing.username == entry.username:
            continue
        if first != person_id or other_called(rows, entry.username, person_id):
            taken = NameTaken(entry.username[:80])
            raise BadPeople(f"{entry.username[:80]!r}, field username: {taken.sentence}")


def _put_all(
    job: Sequence[PersonEntry],
    ids: Mapping[str, PersonId],
    context: CommandContext,
    dry_run: bool,  # noqa: FBT001 - the job is called by the writer, by position
    work: UnitOfWork,
) -> tuple[int, int, int]:
    """Put the people of one job; return how many are new, how many changed, and of how many roles that
    were decided by hand stay against the file."""
    added = changed = kept = 0
    for entry in job:
        person_id = ids[entry.username]
        known = described_person(work, person_id)
        manager = ids.get(entry.manager) if entry.manager else None
        if entry.manager and manager is None:
            found = person_by_username(work.rows, entry.manager)
            manager = found.person_id if found else None
        record = record_of(entry, person_id, known, manager)
        _, state = work.state_of(person.DECIDER, person_stream(person_id))
        if entry.roles is not None:
            kept += set(standing_roles(state, entry.roles)) != set(entry.roles)
        events = work.execute(PutPerson(person_id, record), context, dry_run=dry_run).events
        new = sum(isinstance(one, PersonRegistered) for one in events)
        added, changed = added + new, changed + (bool(events) and not new)
    return added, changed, kept


def record_of(
    entry: PersonEntry,
    person_id: PersonId,
    present: PersonRecord | None,
    manager: PersonId | None,
) -> PersonRecord:
    """Return how a person is described once an entry is added to what is known of him at present."""
    nothing = Personal(person_id, "")
    old = present or PersonRecord(nothing, nothing, nothing, nothing)

    def text(value: str | None, former: Personal) -> Personal:
        return former if value is None else Personal(person_id, value)

    return PersonRecord(
        username=Personal(person_id, entry.username),
        given_name=text(entry.given_name, old.given_name),
        family_name=text(entry.family_name, old.family_name),
        email=text(entry.email, old.email),
        manager=manager or old.manager,
        groups=old.groups if entry.groups is None else tuple(entry.groups),
        roles=old.roles if entry.roles is None else tuple(entry.roles),
        disabled=old.disabled if entry.disabled is None else entry.disabled,
        attributes=_attributes(entry, person_id, old),
    )


def _attributes(
    entry: PersonEntry, person_id: PersonId, old: PersonRecord
) -> tuple[tuple[str, Personal], ...]:
    kept = dict(old.attributes)
    for name, value in (entry.attributes or {}).items():
        kept[name] = Personal(person_id, value)
    if entry.external_id is not None:
        kept[EXTERNAL_ID] = Personal(person_id, entry.external_id)
    return tuple(kept.items())
