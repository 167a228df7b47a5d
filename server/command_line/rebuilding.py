"""The command line's word for rebuilding read models."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from server.command_line.operating import operate_and_print
from server.command_line.wishes import Fill
from server.config import Settings
from server.plurals import counted_of


def _rebuild(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="a read model; all, if none")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=_run, render=_rebuilt)


def _run(settings: Settings, asked: argparse.Namespace) -> int:
    return operate_and_print(settings, asked, "rebuild", json.dumps(asked.names).encode())


def _rebuilt(done: Mapping[str, Any]) -> str:
    """Say what a rebuild came to."""
    mended = [
        f"  {name}: {counted_of(rows, 'row')} mended" for name, rows in done["rows_mended"].items()
    ]
    right = "they were not what the log says:" if mended else "every row was what the log says"
    count, position = counted_of(len(done["read_models"]), "read model"), f"{done['position']:,}"
    pace = f"{done['events_per_second']:,} events a second"
    return "\n".join((f"{count} to position {position}, {pace}; {right}", *mended))


COMMANDS: Mapping[str, Fill] = {"rebuild": _rebuild}
