"""People from a file and into one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.person import Role
from domain.ports import Rows, Unavailable
from projections.columns import instant
from projections.people import PersonRow, people_like
from server.command_bus import CommandContext
from server.operations.operation import CLI, Operation, Report
from server.people.file import format_people, parse_people
from server.people.forgetting import forget_person
from server.people.importing import Imported, Importing
from server.people.roles import RoleWish, change_role, roles_of
from server.wiring import System, personal_keys

PAGE = 1_000


class _Wish(msgspec.Struct):
    content: str
    dry_run: bool = False


_wish_decoder = msgspec.json.Decoder(_Wish)


def people_import(system: System, body: bytes, report: Report) -> dict[str, Any]:
    """Import a file of people; raises `BadPeople` before anything is written."""
    asked = _wish_decoder.decode(body)
    entries = parse_people(asked.content)

    def tell(progress: Imported) -> None:
        report({"done": progress.done, "total": progress.total})

    importing = Importing(system.bus, system.reads, system.clock, system.new_id)
    done = importing.run(entries, CLI, tell, dry_run=asked.dry_run)
    return {
        "people": done.total,
        "added": done.added,
        "changed": done.changed,
        "unchanged": done.done - done.added - done.changed,
        **({"roles_kept": done.kept} if done.kept else {}),
        **({"dry_run": True} if asked.dry_run else {}),
    }


def people_export(system: System, _body: bytes, _report: Report) -> dict[str, Any]:
    """Return the file of all people."""
    return {"content": format_people(system.reads.blocking(_everybody)).decode()}


def _everybody(rows: Rows) -> list[PersonRow]:
    people: list[PersonRow] = []
    while True:
        total, page = people_like(rows, {}, len(people), PAGE)
        people += page
        if len(people) >= total or not page:
            return people


class _Forgotten(msgspec.Struct):
    person: str


_forgotten_decoder = msgspec.json.Decoder(_Forgotten)


def people_forget(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Forget a person who has left; raises `domain.errors.Refused`."""
    asked = _forgotten_decoder.decode(body)
    context = CommandContext(CLI, system.clock(), system.new_id())
    done = system.bus.call_blocking(lambda work: forget_person(work, asked.person, context))
    told: dict[str, Any] = {"forgotten": asked.person, "position": done.position}
    try:
        system.store.scrub()
    except Unavailable as why:
        return {**told, "not_scrubbed": f"{why}; have the same person forgotten again, by his id"}
    return told


def people_rewrap(system: System, _body: bytes, _report: Report) -> dict[str, Any]:
    """Make a new master key, wrap every person's key by it, and drop the former ones."""
    master = personal_keys(system.settings)
    fresh = master.rotate()
    wrapped = system.bus.call_blocking(lambda work: work.rewrap_keys())
    system.store.scrub()
    dropped = [one.key_id for one in master.ring()[1:] if master.drop(one.key_id)]
    return {"master_key": fresh.key_id, "keys_wrapped": wrapped, "dropped": dropped}


class _RoleWish(msgspec.Struct):
    person: str
    role: Role = Role.EMPLOYEE
    expected_version: int | None = None


_role_decoder = msgspec.json.Decoder(_RoleWish)


def role_list(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Return what roles a person has, and who gave and took them."""
    told = roles_of(system.store, _role_decoder.decode(body).person)
    return {
        "person": told.person.person_id,
        "username": told.person.username,
        "roles": list(told.person.roles),
        "version": told.version,
        "changes": [
            {
                "role": one.role,
                "held": one.held,
                "at": instant(one.at),
                "by": one.by,
                "via": one.via,
            }
            for one in told.changes
        ],
    }


def role_grant(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Give a person a role; raises `domain.errors.Refused`."""
    return _changed_role(system, body, held=True)


def role_revoke(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Take a role from a person; raises `domain.errors.Refused`."""
    return _changed_role(system, body, held=False)


def _changed_role(system: System, body: bytes, *, held: bool) -> dict[str, Any]:
    asked = _role_decoder.decode(body)
    wish = RoleWish(asked.person, asked.role, held, asked.expected_version)
    context = CommandContext(CLI, system.clock(), system.new_id())
    done = system.bus.call_blocking(lambda work: change_role(work, wish, context))
    found = roles_of(system.store, asked.person)
    return {
        "username": found.person.username,
        "roles": list(found.person.roles),
        "changed": done.changed,
        "version": done.version,
    }


OPERATIONS: Mapping[str, Operation] = {
    "people import": people_import,
    "people export": people_export,
    "people forget": people_forget,
    "people rotate-keys": people_rewrap,
    "people role list": role_list,
    "people role grant": role_grant,
    "people role revoke": role_revoke,
}
