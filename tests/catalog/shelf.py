"""A catalog that tests fill by its own commands and search as a person would."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from domain.catalog import (
    AppRecord,
    PermissionRecord,
    PutApp,
    PutPermission,
    RetireApp,
    RetirePermission,
)
from domain.policy import DEFAULT, PublishPolicy
from domain.ports import EventStore
from domain.values import AppId, PermissionId
from projections import catalog
from projections.catalog.search.findings import Found
from projections.catalog.search.searching import Question, Search
from projections.catalog.search.thesaurus import shipped_thesaurus
from projections.visibility import audiences_of
from server.command_bus import CommandBus, UnitOfWork
from server.follower import Follower
from tests.seeds import CONTEXT

Command = PutApp | PutPermission | RetireApp | RetirePermission | PublishPolicy


def app(app_id: str, name: str, description: str = "", **more: object) -> PutApp:
    """Put an app."""
    return PutApp(AppId(app_id), AppRecord(name, description, **more))  # type: ignore[arg-type]


def permission(key: str, label: str, description: str = "", *, policy: str = "") -> PutPermission:
    """Put a permission of the app that its id begins with."""
    app_id = AppId(key.partition(":")[0])
    record = PermissionRecord(app_id, label, description, policy=policy)
    return PutPermission(PermissionId(key), record)


def open_to(policy_id: str, *groups: str) -> PublishPolicy:
    """Publish a policy that lets these groups request."""
    return PublishPolicy(replace(DEFAULT, policy_id=policy_id, requestable_by=groups))


@dataclass
class Shelf:
    """A catalog and its index."""

    bus: CommandBus
    store: EventStore

    @property
    def follower(self) -> Follower:
        """What brings the index up."""
        return Follower(self.bus, self.store, catalog.PROJECTION)

    def put(self, *commands: Command) -> None:
        """Execute these and bring the index up to them."""

        def do(work: UnitOfWork) -> None:
            for one in commands:
                work.execute(one, CONTEXT)

        self.bus.call_blocking(do)
        self.follower.catch_up()

    def fill(self, commands: Iterable[Command]) -> None:
        """Do the same with very many."""
        part: list[Command] = []
        for one in commands:
            part.append(one)
            if len(part) == 500:
                self.put(*part)
                part.clear()
        self.put(*part)

    def apps(self, *queries: str, groups: tuple[str, ...] = (), **more: object) -> Found:
        """Search apps."""
        with self.store.read() as rows:
            search = Search(rows, audiences_of(rows, groups), shipped_thesaurus())
            return search.apps(Question(queries, **more))  # type: ignore[arg-type]

    def permissions(self, *queries: str, groups: tuple[str, ...] = (), **more: object) -> Found:
        """Search permissions."""
        with self.store.read() as rows:
            search = Search(rows, audiences_of(rows, groups), shipped_thesaurus())
            return search.permissions(Question(queries, **more))  # type: ignore[arg-type]


def ids(found: Found) -> list[str]:
    """Return what was found, the best first."""
    return [one.item_id for one in found.hits]
