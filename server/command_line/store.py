"""The command line's words for the store as a whole: copied to another database, backed up, restored. The
key files of the data folder are never among what is copied."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from domain.ports import EventStore
from projections.projection import Projection
from server import shapes
from server.command_line.progress import show_progress
from server.command_line.wishes import Commands, Fill
from server.config import Settings
from server.storing.copying import Copied, NotCopied, copy_store
from server.storing.kept import derived_tables, kept_tables
from server.wiring import FOLLOWED, INLINE, SCHEMA
from server.wiring.keys import KEY_FILES, PERSONAL, present_personal_keys
from server.wiring.stores import (
    OWN_SCHEMA,
    open_store_to_copy,
    open_store_to_fill,
    scratch_for,
    store_of_settings,
    url_of,
)

KEYS = (
    f"The key files of the data folder ({', '.join(KEY_FILES)}) are not in it. Keep them too, elsewhere: "
    f"without {PERSONAL} nothing that is said about people can be read. Whom you forget is in older copies "
    "until they are destroyed."
)
READ_MODELS: Sequence[Projection] = (*INLINE, *FOLLOWED)


def _store(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    copying = _action(actions, "copy", _copy, "into an empty database, from SQLite or PostgreSQL")
    copying.add_argument("source", metavar="FROM-URL", help="sqlite:///FILE or postgresql://...")
    copying.add_argument("destination", metavar="TO-URL", help="of a database that is empty")
    backing_up = _action(actions, "backup", _backup, "into a new file; the server may run")
    backing_up.add_argument("file", type=Path, metavar="FILE", help="which is not there yet")
    restoring = _action(actions, "restore", _restore, "from such a file; the server may not run")
    restoring.add_argument("file", type=Path, metavar="FILE")


def _action(
    actions: Commands,
    name: str,
    run: Callable[[Settings, argparse.Namespace], int],
    words: str,
) -> Any:
    action = actions.add_parser(name, help=words, epilog=KEYS)
    action.add_argument("--json", action="store_true", help="print the result as JSON")
    action.set_defaults(run=run)
    return action


def _copy(settings: Settings, asked: argparse.Namespace) -> int:
    return _carry(settings, asked.source, asked.destination, as_json=asked.json)


def _backup(settings: Settings, asked: argparse.Namespace) -> int:
    if asked.file.exists():
        raise NotCopied(f"{asked.file} is there already; a backup is always a new file")
    return _carry(settings, settings.store_url, url_of(asked.file), as_json=asked.json)


def _restore(settings: Settings, asked: argparse.Namespace) -> int:
    destination = store_of_settings(settings)
    return _carry(settings, url_of(asked.file), destination, as_json=asked.json)


def _carry(settings: Settings, source: str, destination: str, *, as_json: bool) -> int:
    kept = kept_tables((*SCHEMA, *OWN_SCHEMA), READ_MODELS)
    with (
        open_store_to_copy(settings, source) as there,
        open_store_to_fill(settings, destination, SCHEMA) as here,
    ):
        copied = copy_store(there, here, kept, derived_tables(READ_MODELS), show_progress)
        made = _make_read_models(settings, here)
    _print(copied, made=made, as_json=as_json)
    return 0


def _make_read_models(settings: Settings, store: EventStore) -> bool:
    """Make the read models if this machine can read all that they hold; else the first start does, on
    the machine that can."""
    if present_personal_keys(settings) is None:
        return False
    shapes.make_all(store, INLINE, FOLLOWED, scratch_for(store), show_progress)
    return True


def _print(copied: Copied, *, made: bool, as_json: bool) -> None:
    tables = {name: tally.rows for name, tally in sorted(copied.tables.items())}
    if as_json:
        result = {
            "events": copied.events,
            "head": copied.head,
            "tables": tables,
            "read_models_made": made,
            "verified": True,
            "keys_included": False,
        }
        sys.stdout.write(json.dumps(result) + "\n")
        return
    lines = [f"events: {copied.events:,}", f"head: {copied.head}"]
    lines += [f"{name}: {rows:,}" for name, rows in tables.items() if rows]
    lines.append("verified: the chain, and every row of every table")
    if not made:
        lines.append(f"read models: made at the first start, by {PERSONAL}, which is not here")
    sys.stdout.write("\n".join((*lines, KEYS)) + "\n")


COMMANDS: Mapping[str, Fill] = {"store": _store}
