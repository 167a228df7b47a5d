"""Long work on the store that an operator asks for by name, in this process or, over the control
socket, in the server's: import a catalog, rebuild the read models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import msgspec

from domain.person import Role
from domain.resource_server import (
    OVERLAP,
    AddResourceServer,
    RemoveResourceServer,
    RotateSecret,
    UnknownResource,
)
from domain.values import Actor, Via
from projections.columns import instant
from projections.resource_servers import resource_servers
from server import rebuild
from server.catalog.file import parse_catalog
from server.catalog.importing import Progress, import_catalog
from server.command_bus import CommandContext, UnitOfWork
from server.oauth.resources import RESOURCES, resource_at
from server.secret_tokens import RESOURCE_SERVER, digest, new_secret
from server.sign_in.provisioning import NewAccount, Provisioning, new_password
from server.wiring import FOLLOWED, INLINE, System

Report = Callable[[Mapping[str, int]], None]
"""Hears ``{"done", "total"}`` as the work goes on."""

Operation = Callable[[System, bytes, Report], dict[str, Any]]
CLI = Actor(Via.CLI)


def catalog_import(system: System, body: bytes, report: Report) -> dict[str, Any]:
    """Import a catalog file; raises `BadCatalog` before anything is written."""
    catalog = parse_catalog(body)

    def tell(progress: Progress) -> None:
        report({"done": progress.done, "total": progress.total})

    done = import_catalog(system.bus, catalog, CLI, system.clock, system.new_id, tell)
    catch_up(system)
    return {
        "apps": len(catalog.apps),
        "permissions": len(catalog.permissions),
        "added": done.added,
        "changed": done.changed,
        "unchanged": done.unchanged,
    }


def account_add(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Add a person with a local account, described as JSON; return the password if it is new."""
    asked = msgspec.json.decode(body, type=_AccountWish)
    password = new_password() if asked.password is None else asked.password
    wanted = NewAccount(
        username=asked.username,
        password=password,
        given_name=asked.given_name,
        family_name=asked.family_name,
        email=asked.email,
        manager=asked.manager,
        groups=tuple(asked.groups),
        roles=(Role.EMPLOYEE, *asked.roles),
    )
    _provisioning(system).add(wanted, CLI)
    return _told(asked, password)


def account_password(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Give a local account a new password; return it if it was not given."""
    asked = msgspec.json.decode(body, type=_AccountWish)
    password = new_password() if asked.password is None else asked.password
    _provisioning(system).change_password(asked.username, password)
    return _told(asked, password)


class _AccountWish(msgspec.Struct):
    username: str
    password: str | None = None
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    manager: str | None = None
    groups: list[str] = []
    roles: list[Role] = []


def _told(asked: _AccountWish, password: str) -> dict[str, Any]:
    shown = {"password": password} if asked.password is None else {}
    return {"username": asked.username, **shown}


def _provisioning(system: System) -> Provisioning:
    return Provisioning(system.bus, system.clock, system.new_id)


def first_administrator(system: System) -> str | None:
    """Make the first administrator where there is nobody yet; return his password."""
    return _provisioning(system).first_run(Actor(Via.SYSTEM))


class _ResourceServerWish(msgspec.Struct):
    name: str
    resource: str = ""
    at_once: bool = False


def resource_server_add(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Let a resource server ask about tokens; return its secret, which is told once."""
    asked = msgspec.json.decode(body, type=_ResourceServerWish)
    issuer = system.settings.issuer
    found = resource_at(asked.resource or issuer, issuer)
    if found is None:
        raise UnknownResource(asked.resource, tuple(one.url(issuer) for one in RESOURCES))
    resource = found.url(issuer)
    secret = new_secret(RESOURCE_SERVER)
    _execute(system, AddResourceServer(asked.name, resource, digest(secret)))
    return {"name": asked.name, "resource": resource, "secret": secret}


def resource_server_rotate(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Give a resource server another secret; return it, and how long the former one lasts."""
    asked = msgspec.json.decode(body, type=_ResourceServerWish)
    secret, now = new_secret(RESOURCE_SERVER), system.clock()
    overlap = timedelta() if asked.at_once else OVERLAP
    _execute(system, RotateSecret(asked.name, digest(secret), now, overlap))
    former = instant(now + overlap)
    return {"name": asked.name, "secret": secret, "former_good_until": former}


def resource_server_remove(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Let a resource server ask no more."""
    asked = msgspec.json.decode(body, type=_ResourceServerWish)
    _execute(system, RemoveResourceServer(asked.name))
    return {"removed": asked.name}


def resource_server_list(system: System, _body: bytes, _report: Report) -> dict[str, Any]:
    """List the resource servers that may ask."""
    found = system.reads.blocking(resource_servers)
    return {one.name: f"{one.resource} since {instant(one.changed_at)}" for one in found}


def _execute(system: System, command: object) -> None:
    context = CommandContext(CLI, system.clock(), system.new_id())
    system.bus.call_blocking(lambda work: work.execute(command, context))


def rebuild_all(system: System, _body: bytes, report: Report) -> dict[str, Any]:
    """Rebuild every read model from the log."""

    def tell(done: int, total: int) -> None:
        report({"done": done, "total": total})

    def job(work: UnitOfWork) -> int:
        return rebuild.rebuild(work, INLINE, FOLLOWED, tell)

    position = system.bus.call_blocking(job)
    return {"position": position, "read_models": [one.name for one in (*INLINE, *FOLLOWED)]}


def catch_up(system: System) -> None:
    """Bring every followed read model to the log's head."""
    for follower in system.followers:
        follower.catch_up()


OPERATIONS: Mapping[str, Operation] = {
    "catalog import": catalog_import,
    "rebuild": rebuild_all,
    "account add": account_add,
    "account password": account_password,
    "resource-server add": resource_server_add,
    "resource-server rotate": resource_server_rotate,
    "resource-server remove": resource_server_remove,
    "resource-server list": resource_server_list,
}
