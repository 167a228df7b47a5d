"""The command line's words for taking the log out, see `server.audit.export`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from domain.ports import EventStore
from server.audit.export.formats import Format, format_of, write
from server.audit.export.public_form import Origin
from server.audit.export.whole_file import whole_file
from server.audit.export.writing import sought_events
from server.audit.reading import Progress, Sought
from server.bad_file import BadFile
from server.command_line.progress import show_progress
from server.command_line.wishes import Commands, whole_number
from server.config import Settings
from server.plurals import counted_of
from server.wiring import event_app, event_bodies, open_store_to_read

STDOUT = "-"

AddFilters = Callable[[argparse.ArgumentParser], None]
SoughtFrom = Callable[[EventStore, argparse.Namespace], Sought]
"""Reads from the command line which events are sought."""


class NoFormat(BadFile):
    """The events cannot be written as they are asked for; the message says why."""


def add_export(actions: Commands, add_filters: AddFilters, sought_from: SoughtFrom) -> None:
    """Add ``export`` to the actions."""
    parser = actions.add_parser("export", help="write the log to a file, - for stdout")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument(
        "--format",
        choices=list(Format),
        type=Format,
        help="as published, as a table, or for a SIEM; by default what FILE's name ends with",
    )
    add_filters(parser)
    parser.add_argument("--after", type=whole_number, default=0, metavar="POSITION")
    parser.add_argument("--force", action="store_true", help="replace FILE if it exists")
    opening = "with what people are called and have said; a file does not forget anybody"
    parser.add_argument("--open-texts", action="store_true", help=opening)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=lambda settings, asked: run(settings, asked, sought_from))


def run(settings: Settings, asked: argparse.Namespace, sought_from: SoughtFrom) -> int:
    """Write what is sought; return the exit code."""
    wanted = _format(asked)
    with open_store_to_read(settings) as store:
        bodies = event_bodies(settings, sealed=not asked.open_texts)
        origin = Origin(store, bodies, event_app)
        events = sought_events(
            origin, sought_from(store, asked), max(0, asked.after), _progress(asked.file)
        )
        if asked.file == STDOUT:
            write(sys.stdout.buffer, wanted, events, origin)
            sys.stdout.buffer.flush()
            return 0
        with whole_file(Path(asked.file), replacing=asked.force) as file:
            count = write(file, wanted, events, origin)
    if asked.json:
        result = {"events": count, "format": wanted, "file": asked.file}
        sys.stdout.write(json.dumps(result) + "\n")
    else:
        sys.stdout.write(f"{counted_of(count, 'event')} written to {asked.file}\n")
    return 0


def _format(asked: argparse.Namespace) -> Format:
    """Return the format that is asked for, or told by the file's name; raises `NoFormat`."""
    wanted: Format | None = asked.format or format_of(asked.file)
    if wanted is None:
        raise NoFormat(f"{asked.file} tells no format: give --format {', '.join(Format)}")
    if wanted is Format.PARQUET and asked.file == STDOUT and sys.stdout.isatty():
        raise NoFormat("Parquet is not for a terminal: name a file, or redirect the output")
    return wanted


def _progress(file: str) -> Progress:
    """Show it, unless the events themselves go to the terminal."""
    if file == STDOUT and sys.stdout.isatty():
        return lambda _done, _total: None
    return show_progress
