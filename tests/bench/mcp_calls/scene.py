"""A store that is ready to be asked: the demo's catalog, an app with many permissions, and people who have
tokens already, each with some requests of his own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import product

from domain.access_request import SubmitRequest
from domain.catalog import AppRecord, PermissionRecord, PutApp, PutPermission
from domain.consent import GiveConsent
from domain.person import PutPerson
from domain.token_family import OpenFamily
from domain.values import (
    AppId,
    Client,
    ClientId,
    ConsentId,
    FamilyId,
    PermissionId,
    PersonId,
    RequestId,
)
from server import demo
from server.command_bus import UnitOfWork
from server.config import Settings
from server.oauth.resources import USER
from server.oauth.token_rows import CODE_LIFE, FAMILY_LIFE, store_access_token
from server.operations.read_models import catch_up
from server.secret_tokens import ACCESS, CODE, digest, new_secret
from server.wiring import System, open_system
from tests.seeds import CONTEXT, person

APP = AppId("bench")
PEOPLE, PERMISSIONS, OWN_REQUESTS = 1_000, 100, 10
"""A policy lets a person have a hundred requests open."""
CLIENT = Client(ClientId("bench-client"), "Bench client")


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


def connected(work: UnitOfWork, system: System, who: PersonId, now: datetime) -> str:
    """Let a client act for a person; return its token."""
    resource = USER.url(system.settings.issuer)
    consent, family = ConsentId(system.new_id()), FamilyId(system.new_id())
    given = GiveConsent(consent, who, CLIENT, resource, "http://127.0.0.1", USER.scopes, "")
    work.execute(given, CONTEXT)
    opened = OpenFamily(
        family_id=family,
        consent_id=consent,
        person=who,
        client=CLIENT,
        resource=resource,
        scopes=USER.scopes,
        code_digest=digest(new_secret(CODE)),
        code_expires_at=now + CODE_LIFE,
        family_expires_at=now + FAMILY_LIFE,
    )
    work.execute(opened, CONTEXT)
    token = new_secret(ACCESS)
    store_access_token(work.rows, token, family, USER.scopes, now)
    return token


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
