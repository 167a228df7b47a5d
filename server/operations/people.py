"""People from a file and into one; one by one: who there is, who may sign in, who has which role, who is forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.person import Role
from domain.ports import Rows, Unavailable
from domain.values import PersonId
from projections.columns import instant
from projections.people import PersonRow, people_like, person_by_id
from server.command_bus import CommandContext, Executed, UnitOfWork
from server.operations.operation import CLI, Operation, Report, person_named, read_wish
from server.people.disabling import switched
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
    asked = read_wish(_wish_decoder, body)
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


class _OneWish(msgspec.Struct):
    person: str


_one_decoder = msgspec.json.Decoder(_OneWish)


def people_list(system: System, _body: bytes, _report: Report) -> dict[str, Any]:
    """Return everybody, in few words."""
    return {
        "people": [
            {
                "person": one.person_id,
                "username": one.username,
                "name": one.full_name,
                "roles": list(one.roles),
                "disabled": one.disabled,
            }
            for one in system.reads.blocking(_everybody)
        ]
    }


def people_show(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Return what is known of one person; raises `domain.errors.Refused`."""
    named = read_wish(_one_decoder, body).person

    def found(rows: Rows) -> dict[str, Any]:
        one = person_named(rows, named)
        boss = person_by_id(rows, one.manager) if one.manager else None
        return {
            "person": one.person_id,
            "username": one.username,
            "given_name": one.given_name,
            "family_name": one.family_name,
            "email": one.email,
            "manager": boss.username if boss else None,
            "groups": list(one.groups),
            "roles": list(one.roles),
            "disabled": one.disabled,
            "attributes": dict(one.attributes),
        }

    return system.reads.blocking(found)


def people_disable(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Let a person sign in no more, and end his sessions and tokens; raises `domain.errors.Refused`."""
    return _switched(system, body, disabled=True)


def people_enable(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Let a disabled person sign in again; raises `domain.errors.Refused`."""
    return _switched(system, body, disabled=False)


def _switched(system: System, body: bytes, *, disabled: bool) -> dict[str, Any]:
    named = read_wish(_one_decoder, body).person
    context = CommandContext(CLI, system.clock(), system.new_id())

    def job(work: UnitOfWork) -> dict[str, Any]:
        person = person_named(work.rows, named)
        done = work.execute(switched(work, person, disabled=disabled), context)
        return {
            "username": person.username,
            "state": "disabled" if disabled else "enabled",
            "changed": bool(done.changed),
        }

    return system.bus.call_blocking(job)


def people_forget(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Forget a person who has left; raises `domain.errors.Refused`."""
    asked = read_wish(_one_decoder, body)
    context = CommandContext(CLI, system.clock(), system.new_id())

    def job(work: UnitOfWork) -> Executed:
        return forget_person(work, person_named(work.rows, asked.person).person_id, context)

    done = system.bus.call_blocking(job)
    told: dict[str, Any] = {"forgotten": asked.person, "position": done.position}
    try:
        system.store.scrub()
    except Unavailable as why:
        return {
            **told,
            "not_scrubbed": f"{why}; have the same person forgotten again, by their id",
        }
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
    """Return what roles a person has, and who decided on them by hand."""
    told = roles_of(system.store, _id_of(system, read_wish(_role_decoder, body).person))
    return {
        "person": told.person.person_id,
        "username": told.person.username,
        "roles": list(told.person.roles),
        "by_hand": sorted(told.by_hand),
        "directory": sorted(told.described),
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


def role_release(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Give a role of a person back to the directory; raises `domain.errors.Refused`."""
    return _changed_role(system, body, held=None)


def _changed_role(system: System, body: bytes, *, held: bool | None) -> dict[str, Any]:
    asked = read_wish(_role_decoder, body)
    person_id = _id_of(system, asked.person)
    wish = RoleWish(person_id, asked.role, held, asked.expected_version)
    context = CommandContext(CLI, system.clock(), system.new_id())
    done = system.bus.call_blocking(lambda work: change_role(work, wish, context))
    found = roles_of(system.store, person_id)
    return {
        "username": found.person.username,
        "roles": list(found.person.roles),
        "changed": done.changed,
        "version": done.version,
    }


def _id_of(system: System, named: str) -> PersonId:
    return system.reads.blocking(lambda rows: person_named(rows, named).person_id)


OPERATIONS: Mapping[str, Operation] = {
    "people import": people_import,
    "people export": people_export,
    "people list": people_list,
    "people show": people_show,
    "people disable": people_disable,
    "people enable": people_enable,
    "people forget": people_forget,
    "people rotate-keys": people_rewrap,
    "people role list": role_list,
    "people role grant": role_grant,
    "people role revoke": role_revoke,
    "people role release": role_release,
}
