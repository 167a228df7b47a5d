"""Making the store hold a catalog: one command for each record, in jobs of a bounded size, so that
requests are served meanwhile. Importing again after a crash simply finishes the work. What is absent
from the file is left alone, or retired where that is asked for: of the sources alone that the file
itself holds records of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice

from domain.catalog import (
    AppAdded,
    AppRetired,
    PermissionAdded,
    PermissionRetired,
    PutApp,
    PutPermission,
    RetireApp,
    RetirePermission,
)
from domain.policy import PolicyPublished, PublishPolicy
from domain.ports import Clock, NewId
from domain.values import Actor, AppId, PermissionId
from projections.catalog.standing import Standing, standing_apps, standing_permissions
from server.catalog.entries import BadCatalog
from server.catalog.source import Source, Survey
from server.command_bus import CommandBus, CommandContext, UnitOfWork
from server.reads import Reads

JOB = 200
"""Records in one job: a few milliseconds of the writer."""
FEW = 20
"""So many may be retired at once whatever part they are of what stands."""

Command = PublishPolicy | PutApp | PutPermission | RetireApp | RetirePermission


@dataclass(frozen=True, slots=True)
class Wish:
    """How to import: whether only to say what would change, whether to retire what is absent, and
    whether that may be more than half of what stands."""

    dry_run: bool = False
    retire_absent: bool = False
    retire_most: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come; at the end `done` equals `total`."""

    total: int
    done: int = 0
    added: int = 0
    changed: int = 0
    retired: int = 0

    @property
    def unchanged(self) -> int:
        """Records that the catalog held already, just so."""
        return self.done - self.added - self.changed - self.retired


@dataclass(frozen=True, slots=True)
class Importing:
    """Imports into a store, blocking, in the name of an actor; `report` hears after each job."""

    bus: CommandBus
    reads: Reads
    actor: Actor
    clock: Clock
    new_id: NewId
    report: Callable[[Progress], None]

    def run(self, source: Source, surveyed: Survey, wish: Wish) -> Progress:
        """Put every record of a source that was surveyed; what is named comes before what names it:
        policies with rotations, other policies, apps, permissions."""
        absent = self._absent(source, surveyed, wish) if wish.retire_absent else []
        progress = Progress(surveyed.total + len(absent))
        context = CommandContext(self.actor, self.clock(), self.new_id())
        commands = chain(_puts(source), absent)
        while job := list(islice(commands, JOB)):
            now = replace(context, now=self.clock())
            did = self._do(job, now, dry_run=wish.dry_run)
            progress = replace(
                progress,
                done=progress.done + len(job),
                added=progress.added + did.added,
                changed=progress.changed + did.changed,
                retired=progress.retired + did.retired,
            )
            self.report(progress)
        return progress

    def _do(self, job: list[Command], context: CommandContext, *, dry_run: bool) -> Progress:
        if not dry_run:
            return self.bus.call_blocking(partial(_do_all, job, context))
        try:
            return self.bus.call_blocking(partial(_try_all, job, context))
        except _Undone as undone:
            return undone.did

    def _absent(self, source: Source, surveyed: Survey, wish: Wish) -> list[Command]:
        """Return the commands that retire what the file's sources no longer hold; raises
        `BadCatalog` where that is more than was bargained for."""
        gone = [
            *self._gone(
                standing_permissions,
                surveyed,
                (one.key for one in source.each_permission()),
                lambda key: RetirePermission(PermissionId(key)),
            ),
            *self._gone(
                standing_apps,
                surveyed,
                (one.key for one in source.each_app()),
                lambda key: RetireApp(AppId(key)),
            ),
        ]
        held = surveyed.apps + surveyed.permissions
        if len(gone) > max(FEW, held) and not wish.retire_most:
            raise BadCatalog(
                f"{len(gone):,} records would be retired and {held:,} kept; if that is meant, "
                "add --retire-most"
            )
        return gone

    def _gone(
        self,
        standing: Standing,
        surveyed: Survey,
        held: Iterable[str],
        retire: Callable[[str], Command],
    ) -> list[Command]:
        keys = set(held)
        with self.reads.open() as rows:
            return [retire(key) for key in standing(rows, surveyed.sources) if key not in keys]


def _puts(source: Source) -> Iterator[Command]:
    yield from map(
        PublishPolicy, sorted(source.policies.values(), key=lambda one: not one.on_call)
    )
    yield from (PutApp(one.key, one.record) for one in source.each_app())
    yield from (PutPermission(one.key, one.record) for one in source.each_permission())


def _do_all(job: list[Command], context: CommandContext, work: UnitOfWork) -> Progress:
    """Do one job; return how many were added, changed and retired."""
    added = changed = retired = 0
    for command in job:
        for event in work.execute(command, context).events:
            first = isinstance(event, PolicyPublished) and event.policy.version == 1
            if first or isinstance(event, AppAdded | PermissionAdded):
                added += 1
            elif isinstance(event, AppRetired | PermissionRetired):
                retired += 1
            else:
                changed += 1
    return Progress(len(job), len(job), added, changed, retired)


class _Undone(Exception):  # noqa: N818 - says what happened
    """Takes back a job that was only tried, and carries what it would have done."""

    def __init__(self, did: Progress) -> None:
        super().__init__()
        self.did = did


def _try_all(job: list[Command], context: CommandContext, work: UnitOfWork) -> Progress:
    raise _Undone(_do_all(job, context, work))
