"""The command line's words for trying policies on the requests of the past, see
`server.simulation.simulating`."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from server.catalog.file import parse_catalog
from server.command_line.progress import show_progress
from server.command_line.wishes import Commands
from server.config import Settings
from server.simulation.simulating import simulate
from server.simulation.telling import as_json, lines
from server.wiring import INLINE, open_store_to_read
from server.wiring.scratch import open_scratch

MOST_DAYS = 36_500


def add_simulate(actions: Commands) -> None:
    """Add ``simulate`` to the actions."""
    words = "say which past requests would have gone another way"
    parser = actions.add_parser("simulate", help=words)
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="a catalog file with the policies to be tried"
    )
    parser.add_argument(
        "--days", type=_days, default=30, metavar="N", help="of the last N days; 30 if not given"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=_simulate)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < len(text) <= len(str(MOST_DAYS))):
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is no number of days")
    return min(int(text), MOST_DAYS)


def _simulate(settings: Settings, asked: argparse.Namespace) -> int:
    policies = parse_catalog(asked.file.read_bytes()).policies
    until = datetime.now(UTC)
    since = until - timedelta(days=asked.days)
    with open_store_to_read(settings) as store:
        found = simulate(store, open_scratch, INLINE, policies.values(), since, show_progress)
    if asked.json:
        sys.stdout.write(json.dumps(as_json(found, since, until)) + "\n")
    else:
        sys.stdout.write("\n".join(lines(found)) + "\n")
    return 0
