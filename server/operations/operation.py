"""What an operation is: work on the store that an operator asks for by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.values import Actor, Via
from server.command_bus import CommandContext
from server.wiring import System

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
