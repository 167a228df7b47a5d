"""People from a file and into one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.ports import Rows
from projections.people import PersonRow, people_like
from server.operations.operation import CLI, Operation, Report
from server.people.file import format_people, parse_people
from server.people.importing import Imported, Importing
from server.wiring import System

PAGE = 1_000


class _Wish(msgspec.Struct):
    content: str
    dry_run: bool = False


def people_import(system: System, body: bytes, report: Report) -> dict[str, Any]:
    """Import a file of people; raises `BadPeople` before anything is written."""
    asked = msgspec.json.decode(body, type=_Wish)
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


OPERATIONS: Mapping[str, Operation] = {
    "people import": people_import,
    "people export": people_export,
}
