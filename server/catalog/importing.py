"""Making the store hold a catalog: one command for each record, in jobs of a bounded size, so that
requests are served meanwhile. Importing again after a crash simply finishes the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from domain.catalog import AppAdded, PermissionAdded, PutApp, PutPermission
from domain.policy import PolicyPublished, PublishPolicy
from domain.ports import Clock, NewId
from domain.values import Actor
from server.catalog.file import Catalog
from server.command_bus import CommandBus, CommandContext, UnitOfWork

JOB = 200
"""Records in one job: a few milliseconds of the writer."""

Put = PublishPolicy | PutApp | PutPermission


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come; at the end `done` equals `total`."""

    total: int
    done: int = 0
    added: int = 0
    changed: int = 0

    @property
    def unchanged(self) -> int:
        """Records that the catalog held already, just so."""
        return self.done - self.added - self.changed


def import_catalog(
    bus: CommandBus,
    catalog: Catalog,
    actor: Actor,
    clock: Clock,
    new_id: NewId,
    report: Callable[[Progress], None],
) -> Progress:
    """Put every record, blocking; `report` hears after each job. What is named comes before what
    names it: policies with rotations, other policies, apps, permissions."""
    policies = sorted(catalog.policies.values(), key=lambda one: not one.on_call)
    commands: list[Put] = [
        *map(PublishPolicy, policies),
        *(PutApp(app_id, record) for app_id, record in catalog.apps.items()),
        *(PutPermission(one, record) for one, record in catalog.permissions.items()),
    ]
    context = CommandContext(actor, clock(), new_id())
    progress = Progress(len(commands))
    for job in _jobs(commands):
        added, changed = bus.call_blocking(partial(_put_all, job, replace(context, now=clock())))
        progress = replace(
            progress,
            done=progress.done + len(job),
            added=progress.added + added,
            changed=progress.changed + changed,
        )
        report(progress)
    return progress


def _jobs(commands: list[Put]) -> Iterator[list[Put]]:
    for start in range(0, len(commands), JOB):
        yield commands[start : start + JOB]


def _put_all(job: list[Put], context: CommandContext, work: UnitOfWork) -> tuple[int, int]:
    """Put the records of one job; return how many were added and how many changed."""
    added = changed = 0
    for command in job:
        for event in work.execute(command, context).events:
            first = isinstance(event, PolicyPublished) and event.policy.version == 1
            if first or isinstance(event, AppAdded | PermissionAdded):
                added += 1
            else:
                changed += 1
    return added, changed
