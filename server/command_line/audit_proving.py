"""The command line's words for what proves the log elsewhere: checkpoints, the keys that sign them, bundles."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.checkpoint import origin_of
from server.audit.bundle.writing import write_bundle
from server.audit.checkpoints.own import verifiers
from server.audit.export.whole_file import whole_file
from server.command_line.progress import show_progress
from server.command_line.wishes import Commands, runner
from server.config import Settings
from server.plurals import counted_of
from server.wiring import checkpoint_keys, open_store_to_read

Run = Callable[[Settings, argparse.Namespace], int]


def add_proving(actions: Commands) -> None:
    """Add ``checkpoint``, ``keys`` and ``bundle`` to the actions."""
    signing = actions.add_parser("checkpoint", help="sign where the log stands now")
    signing.add_argument("--json", action="store_true", help="print the result as JSON")
    signing.set_defaults(run=runner("audit checkpoint"))
    keys = actions.add_parser("keys", help="print the verifier key, to be noted elsewhere")
    keys.add_argument("--rotate", action="store_true", help="let another key sign from now on")
    keys.add_argument("--json", action="store_true", help="print the result as JSON")
    keys.set_defaults(run=_keys(runner("audit keys rotate")))
    bundling = actions.add_parser(
        "bundle", help="write log and checkpoints to a file, to verify it"
    )
    bundling.add_argument("file", type=Path, metavar="FILE")
    bundling.add_argument("--force", action="store_true", help="replace FILE if it exists")
    bundling.add_argument("--json", action="store_true", help="print the result as JSON")
    bundling.set_defaults(run=_bundle)


def _keys(rotate: Run) -> Run:
    def run(settings: Settings, asked: argparse.Namespace) -> int:
        if asked.rotate:
            code = rotate(settings, asked)
            if code or asked.json:
                return code
        ring = checkpoint_keys(settings).ring()
        found = list(map(str, verifiers(origin_of(settings.tenant), ring)))
        shown = json.dumps({"verifiers": found}) if asked.json else "\n".join(found)
        sys.stdout.write(f"{shown}\n")
        return 0

    return run


def _bundle(settings: Settings, asked: argparse.Namespace) -> int:
    with (
        open_store_to_read(settings) as store,
        whole_file(asked.file, replacing=asked.force) as file,
    ):
        written = write_bundle(file, store, settings.tenant, datetime.now(UTC), show_progress)
    result: dict[str, Any] = {
        "file": str(asked.file),
        "events": written.events,
        "head": written.head,
        "checkpoints": written.checkpoints,
    }
    if asked.json:
        sys.stdout.write(json.dumps(result) + "\n")
    else:
        told = f"{counted_of(written.events, 'event')} and {counted_of(written.checkpoints, 'checkpoint')}"
        sys.stdout.write(f"{told} written to {asked.file}\nhead: {written.head}\n")
    return 0
