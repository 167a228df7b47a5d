"""People from a file and into one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.ports import Rows, Unavailable
from projections.people import PersonRow, people_like
from server.command_bus import CommandContext
from server.operations.operation import CLI, Operation, Report
from server.people.file import format_people, parse_people
from server.people.forgetting import forget_person
from server.people.importing import Imported, Importing
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


OPERATIONS: Mapping[str, Operation] = {
    "people import": people_import,
    "people export": people_export,
    "people forget": people_forget,
    "people rotate-keys": people_rewrap,
}
