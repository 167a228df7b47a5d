"""What an operation is: work on the store that an operator asks for by name. What he gave is read here, and whom he
named is looked up here, so that a wrong value or name is said in the same words by every command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from domain.errors import NothingThere
from domain.ports import Rows
from domain.values import Actor, AppId, Via
from projections.people import PersonRow, person_called
from server.bad_file import BadFile
from server.command_bus import CommandContext, UnitOfWork
from server.known_facts import known_app
from server.wiring import System

Wish = TypeVar("Wish")

Report = Callable[[Mapping[str, int]], None]
"""Hears ``{"done", "total"}`` as the work goes on."""

Operation = Callable[[System, bytes, Report], dict[str, Any]]
CLI = Actor(Via.CLI)


def counted(report: Report) -> Callable[[int, int], None]:
    """Return what tells a report how much is done, and of how much."""
    return lambda done, total: report({"done": done, "total": total})


def execute(system: System, command: object) -> None:
    """Execute one command in the operator's name; raises `domain.errors.Refused`."""
    context = CommandContext(CLI, system.clock(), system.new_id())
    system.bus.call_blocking(lambda work: work.execute(command, context))


class BadWish(BadFile):
    """What was asked for has a value that cannot be meant; the message names the field."""


def read_wish(decoder: msgspec.json.Decoder[Wish], body: bytes) -> Wish:
    """Return what is asked for; raises `BadWish`."""
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError) as fault:
        reason, _, path = str(fault).partition(" - at ")
        raise BadWish(f"{path.strip('`$.') or 'the request'}: {reason}") from None


def unknown_apps(system: System, apps: Iterable[str]) -> dict[str, list[str]]:
    """Return those that the catalog does not hold, under a name that says so. They are no fault: whoever is set up
    before the catalog comes is right to name them."""

    def absent(work: UnitOfWork) -> list[str]:
        return [one for one in apps if known_app(work, AppId(one)) is None]

    found = system.bus.call_blocking(absent) if apps else []
    return {"not_in_the_catalog_yet": found} if found else {}


def person_named(rows: Rows, named: str) -> PersonRow:
    """Return the person of this id or user name; raises `NothingThere`."""
    found = person_called(rows, named)
    if found is None:
        raise NothingThere("person", named, "doorward people list shows all")
    return found
