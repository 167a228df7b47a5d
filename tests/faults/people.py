"""People whose clients have tokens already, an app with permissions to ask for, and an integration that listens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.nats_accounts import new_nats_key
from domain.catalog import AppRecord, PermissionRecord, PutApp, PutPermission
from domain.integration import AddIntegration, IntegrationKey, IntegrationRecord, Right
from domain.person import PutPerson
from domain.policy import DEFAULT, PublishPolicy, Waiting
from domain.values import (
    AppId,
    PermissionId,
    PersonId,
)
from server.command_bus import UnitOfWork
from server.config import Settings
from server.operations.read_models import catch_up
from server.wiring import System, open_system
from tests.connected_clients import connected
from tests.seeds import CONTEXT, person

APP = AppId("tools")
PEOPLE, PERMISSIONS = 6, 400
LISTENER = "listener"
MANAGER, GUEST = PersonId("p-boss"), PersonId("p-guest")
DESK, DESKS = AppId("desk"), 20
HOUR = 3_600
POLICY = replace(DEFAULT, maximum_open=PERMISSIONS * 2)
BRIEF = replace(DEFAULT, policy_id="brief", waiting=Waiting(HOUR, HOUR // 2, None))
"""What is asked for a place at the desk lapses in an hour."""


@dataclass(frozen=True)
class Person:
    """Somebody who asks, through one client."""

    person_id: PersonId
    token: str


@dataclass(frozen=True)
class Cast:
    """All that a scene begins with."""

    people: tuple[Person, ...]
    permissions: tuple[PermissionId, ...]
    guest: Person
    """Somebody whose token is of now, whenever the others' are."""
    desks: tuple[PermissionId, ...]
    key: IntegrationKey


def prepare(settings: Settings, later: timedelta = timedelta()) -> Cast:
    """Fill the store that the settings name, which no server has open. Tokens count from so much `later`."""
    names = tuple(PermissionId(f"{APP}:{number}") for number in range(PERMISSIONS))
    desks = tuple(PermissionId(f"{DESK}:{number}") for number in range(DESKS))
    key = new_nats_key()
    ids = [PersonId(f"p-{number}") for number in range(PEOPLE)]
    with open_system(settings) as system:
        now = system.clock()

        def let_in(work: UnitOfWork) -> tuple[Person, ...]:
            people = [Person(who, _token(work, system, who, now + later)) for who in ids]
            # The last, since whoever stores a token drops those that have expired for him.
            return (*people, Person(GUEST, _token(work, system, GUEST, now)))

        system.bus.call_blocking(lambda work: _fill(work, now, (*names, *desks), key))
        *people, guest = system.bus.call_blocking(let_in)
        catch_up(system)
    return Cast(tuple(people), names, guest, desks, key)


def _fill(
    work: UnitOfWork, now: datetime, names: tuple[PermissionId, ...], key: IntegrationKey
) -> None:
    context = replace(CONTEXT, now=now)
    for command in (
        PublishPolicy(POLICY),
        PublishPolicy(BRIEF),
        PutApp(APP, AppRecord("Tools", "What is asked for.")),
        PutApp(DESK, AppRecord("Desk", "A place to sit at.", policy=BRIEF.policy_id)),
        AddIntegration(LISTENER, IntegrationRecord((Right.SUBSCRIBE,), nkey=key.public)),
        PutPerson(MANAGER, person(MANAGER)),
    ):
        work.execute(command, context)
    for name in names:
        app = AppId(name.partition(":")[0])
        work.execute(PutPermission(name, PermissionRecord(app, f"{app} / {name}")), context)


def _token(work: UnitOfWork, system: System, who: PersonId, now: datetime) -> str:
    """Let somebody's client in as if he had signed in; return its token."""
    context = replace(CONTEXT, now=now)
    work.execute(PutPerson(who, person(who, manager=MANAGER)), context)
    return connected(work, system, who, now)
