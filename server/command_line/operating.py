"""Running one command once it is known which: its faults become one line, what it returns becomes text or
JSON, and work on the store is done here or in the server that is running."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Mapping
from typing import Any

from domain.envelope import Unreadable
from domain.errors import Refused
from domain.ports import Unavailable
from server.bad_file import BadFile
from server.command_line.progress import show_report
from server.config import BadSetting, Settings, load_settings
from server.control import hand_over
from server.failures import StartFailed, StoreInUse, WorkFailed
from server.observation.log_settings import log_as
from server.operations import OPERATIONS

ERRORS = (
    BadSetting,
    BadFile,
    StartFailed,
    WorkFailed,
    Refused,
    Unavailable,
    Unreadable,
    OSError,
)


def run(asked: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Run the command that was asked for; return the exit code."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    try:
        _check_text(asked)
        settings = load_settings(environment)
        asked.environment = environment
        log_as(settings)
        code: int = asked.run(settings, asked)
    except ERRORS as fault:
        sys.stderr.write(f"doorward: {_line(fault)}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _check_text(asked: argparse.Namespace) -> None:
    """Refuse bytes that are no UTF-8, which Python hands over as surrogates, and no database takes."""
    try:
        json.dumps(
            [one for one in vars(asked).values() if isinstance(one, str)], ensure_ascii=False
        ).encode()
    except UnicodeEncodeError:
        raise BadFile("what was given is not all UTF-8") from None


def _line(fault: Exception) -> str:
    """Return a fault in one line."""
    if isinstance(fault, OSError):
        return f"{fault.filename}: {fault.strerror}" if fault.filename else str(fault.strerror)
    return " ".join(str(fault).split())


def operate_and_print(
    settings: Settings, asked: argparse.Namespace, command: str, body: bytes
) -> int:
    """Do the work and print its result: as JSON, in words of the command's own, or by name."""
    done = operate(settings, command, body)
    if asked.json:
        sys.stdout.write(f"{json.dumps(done)}\n")
    else:
        render = asked.render if "render" in asked else lines_of
        sys.stdout.write(f"{render(done)}\n")
    return 0 if done.get("safe", True) else 1


def operate(settings: Settings, command: str, body: bytes) -> dict[str, Any]:
    """Do the work here, or where a server runs on the same SQLite file, there."""
    from server.wiring import open_system  # noqa: PLC0415 - not to hand work over

    try:
        with open_system(settings) as system:
            return OPERATIONS[command](system, body, show_report)
    except StoreInUse:
        return hand_over(settings.data_dir, command, body, show_report)


def lines_of(result: Mapping[str, Any]) -> str:
    """Return a result as text, each field by its name."""
    lines = []
    for name, value in result.items():
        # What has fields of its own is listed under its own name.
        title = name if isinstance(value, Mapping) else name.replace("_", " ")
        lines.append(f"{title}: {_shown(value)}")
    return "\n".join(lines) or "none"


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        parts = (f"{name.replace('_', ' ')} {_shown(one)}" for name, one in value.items())
        return "; ".join(parts)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value or "none")
