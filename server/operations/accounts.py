"""Local accounts: for trying out, and for the first administrator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.errors import NothingThere, UnknownPerson
from domain.person import Role
from domain.values import Actor, Via
from projections.people import PersonRow
from server.operations.operation import CLI, Operation, Report, person_named, read_wish
from server.sign_in.provisioning import NewAccount, Provisioning, new_password
from server.wiring import System

SIGNS_IN_ELSEWHERE = "this person signs in at the identity provider, or has another user name"


def account_add(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Add a person with a local account, described as JSON; return the password if it is new."""
    asked = read_wish(_wish_decoder, body)
    if asked.manager is not None:
        _person(system, asked.manager)
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
    """Give a local account a new password; return it if it was not given. Raises `NothingThere`."""
    asked = read_wish(_wish_decoder, body)
    password = new_password() if asked.password is None else asked.password
    try:
        _provisioning(system).change_password(asked.username, password)
    except UnknownPerson:
        username = _person(system, asked.username).username
        raise NothingThere("password", f"of {username}", SIGNS_IN_ELSEWHERE) from None
    return _told(asked, password)


def _person(system: System, named: str) -> PersonRow:
    return system.reads.blocking(lambda rows: person_named(rows, named))


class _AccountWish(msgspec.Struct):
    username: str
    password: str | None = None
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    manager: str | None = None
    groups: list[str] = []
    roles: list[Role] = []


_wish_decoder = msgspec.json.Decoder(_AccountWish)


def _told(asked: _AccountWish, password: str) -> dict[str, Any]:
    shown = {"password": password} if asked.password is None else {}
    return {"username": asked.username, **shown}


def _provisioning(system: System) -> Provisioning:
    return Provisioning(system.bus, system.clock, system.new_id)


def first_administrator(system: System) -> str | None:
    """Make the first administrator where there is nobody yet; return his password."""
    return _provisioning(system).first_run(Actor(Via.SYSTEM))


OPERATIONS: Mapping[str, Operation] = {
    "account add": account_add,
    "account password": account_password,
}
