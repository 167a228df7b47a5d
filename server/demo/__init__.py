"""The demo: five people with local accounts and an authored catalog. Starting it again changes
nothing but the password, which is the same for all of them."""

from __future__ import annotations

import secrets
from importlib import resources

from domain.person import PersonRecord, PutPerson, Role
from domain.values import Actor, Personal, PersonId, Via
from server.command_bus import CommandContext, UnitOfWork
from server.operations.catalog import catalog_import
from server.operations.read_models import catch_up
from server.sign_in.accounts import hash_password, set_password
from server.wiring import System

EVERY_GROUP = ("engineering", "finance", "marketing", "people", "sales", "security")
ACTOR = Actor(Via.SYSTEM)


def _person(
    name: str,
    family_name: str,
    groups: tuple[str, ...],
    *roles: Role,
    manager: str | None = None,
) -> PutPerson:
    key = PersonId(name)
    record = PersonRecord(
        username=Personal(key, name),
        given_name=Personal(key, name.title()),
        family_name=Personal(key, family_name),
        email=Personal(key, f"{name}@doorward.example"),
        manager=PersonId(manager) if manager else None,
        groups=groups,
        roles=(Role.EMPLOYEE, *roles),
    )
    return PutPerson(key, record)


PEOPLE = (
    _person("alice", "Abara", ("engineering", "sales"), manager="bob"),
    _person("bob", "Brandt", ("engineering", "sales"), Role.APPROVER),
    _person("carol", "Costa", ("finance", "people", "marketing"), manager="bob"),
    _person("admin", "Adeyemi", EVERY_GROUP, Role.ADMINISTRATOR),
    _person("audra", "Aalto", (), Role.AUDITOR),
)


def prepare(system: System) -> str:
    """Put people, passwords and catalog into the store; return the password."""
    password = system.settings.demo_password or secrets.token_urlsafe(9)
    # One hash for all: it is one password, and every hash takes its time.
    hashed = hash_password(password)
    context = CommandContext(ACTOR, system.clock(), system.new_id())

    def put(work: UnitOfWork) -> None:
        for one in PEOPLE:
            work.execute(one, context)
            set_password(work.rows, one.person_id, one.record.username.text, hashed)

    system.bus.call_blocking(put)
    body = resources.files("server.demo").joinpath("catalog-demo.json").read_bytes()
    catalog_import(system, body, lambda _progress: None)
    catch_up(system)
    return password
