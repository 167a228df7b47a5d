"""A store that is ready to be asked: the demo's catalog, an app with many permissions, and people who have
tokens already, each with some requests of his own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import product

from domain.access_request import SubmitRequest
from domain.catalog import AppRecord, PermissionRecord, PutApp, PutPermission
from domain.person import PutPerson
from domain.values import (
    AppId,
    PermissionId,
    PersonId,
    RequestId,
)
from server import demo
from server.command_bus import UnitOfWork
from server.config import Settings
from server.operations.read_models import catch_up
from server.wiring import System, open_system
from tests.connected_clients import connected
from tests.seeds import CONTEXT, person

APP = AppId("bench")
PEOPLE, PERMISSIONS, OWN_REQUESTS = 1_000, 100, 10
"""A policy lets a person have a hundred requests open."""


@dataclass(frozen=True)
class Scene:
    """Tokens of people, and the permissions that each of them may still ask for."""

    tokens: tuple[str, ...]
    permissions: tuple[str, ...]

    @property
    def submissions(self) -> int:
        """How many requests can be made in it."""
        return len(self.tokens) * len(self.permissions)


def prepare(settings: Settings) -> Scene:
    """Fill the store that the settings name, which no server has open."""
    with open_system(settings) as system:
        demo.prepare(system)
        names = [PermissionId(f"bench:{number}") for number in range(PERMISSIONS)]
        system.bus.call_blocking(lambda work: _catalog(work, names))
        tokens: list[str] = []
        for start in range(0, PEOPLE, 100):
            people = [PersonId(f"p-bench{at}") for at in range(start, start + 100)]
            tokens += system.bus.call_blocking(partial(_let_in, system=system, people=people))
            system.bus.call_blocking(partial(_ask, system=system, people=people, names=names))
        catch_up(system)
    return Scene(tuple(tokens), tuple(names[OWN_REQUESTS:]))


def _catalog(work: UnitOfWork, names: list[PermissionId]) -> None:
    work.execute(PutApp(APP, AppRecord("Bench", "What benchmarks ask for.")), CONTEXT)
    for name in names:
        record = PermissionRecord(APP, f"Bench / {name.removeprefix('bench:')}")
        work.execute(PutPermission(name, record), CONTEXT)


def _let_in(work: UnitOfWork, system: System, people: list[PersonId]) -> list[str]:
    """Register people whose client has a token; return the tokens."""
    return [_token(work, system, one, system.clock()) for one in people]


def _token(work: UnitOfWork, system: System, who: PersonId, now: datetime) -> str:
    work.execute(PutPerson(who, person(who, manager=PersonId("p-bench0"))), CONTEXT)
    return connected(work, system, who, now)


def _ask(
    work: UnitOfWork, system: System, people: list[PersonId], names: list[PermissionId]
) -> None:
    now = system.clock()
    context = replace(CONTEXT, now=now)
    for who, name in product(people, names[:OWN_REQUESTS]):
        wish = SubmitRequest(
            request_id=RequestId(system.new_id()),
            requester=who,
            target=who,
            app_id=APP,
            permission_ids=(name,),
            justification="Quarter-end report",
            now=now,
        )
        work.execute(wish, context)
