"""The command line's words for the catalog: bringing it in and out, and the words that search goes by."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from projections.catalog.search.thesaurus import shipped
from server.catalog.exporting import export_catalog
from server.catalog.file import format_catalog
from server.catalog.opening import VENDORS, Format
from server.command_line.operating import operate_and_print
from server.command_line.wishes import Commands, Fill, names_of
from server.config import Settings
from server.wiring import open_store_to_read

VENDOR_NAMES = ", ".join(VENDORS)


def _catalog(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    _add_import(actions)
    taking = actions.add_parser("export", help="write the catalog to a file, - for stdout")
    taking.add_argument("file", metavar="FILE")
    taking.set_defaults(run=_export)
    words = actions.add_parser("thesaurus", help="print the other words that search knows")
    words.set_defaults(run=_thesaurus)


def _add_import(actions: Commands) -> None:
    bringing = actions.add_parser("import", help="make the catalog hold what a file holds")
    bringing.add_argument("file", type=Path, metavar="FILE")
    bringing.add_argument(
        "--format",
        choices=names_of(Format),
        default=Format.AUTO.value,
        help="what kind of file it is; auto: CSV by its name, else JSON of Doorward's own",
    )
    bringing.add_argument(
        "--audience", metavar="GROUP", help=f"the group that sees it all ({VENDOR_NAMES})"
    )
    bringing.add_argument(
        "--policy", metavar="ID", help=f"the policy that governs it all ({VENDOR_NAMES})"
    )
    bringing.add_argument(
        "--retire-absent",
        action="store_true",
        help="retire what the same sources held and the file does not",
    )
    bringing.add_argument(
        "--retire-most", action="store_true", help="even if that is most of what there is"
    )
    bringing.add_argument("--dry-run", action="store_true", help="only say what would change")
    bringing.add_argument("--json", action="store_true", help="print the result as JSON")
    bringing.set_defaults(run=_import)


def _import(settings: Settings, asked: argparse.Namespace) -> int:
    """Let the file be read where the work is done: a server that runs reads it itself."""
    with asked.file.open("rb"):
        pass
    wish = {
        "path": str(asked.file.resolve()),
        "format": asked.format,
        "dry_run": asked.dry_run,
        "retire_absent": asked.retire_absent,
        "retire_most": asked.retire_most,
    }
    given = {"audience": asked.audience, "policy": asked.policy}
    wish |= {name: value for name, value in given.items() if value is not None}
    return operate_and_print(settings, asked, "catalog import", json.dumps(wish).encode())


def _export(settings: Settings, asked: argparse.Namespace) -> int:
    with open_store_to_read(settings) as store:
        content = format_catalog(export_catalog(store))
    if asked.file == "-":
        sys.stdout.buffer.write(content)
    else:
        Path(asked.file).write_bytes(content)
    return 0


def _thesaurus(_settings: Settings, _asked: argparse.Namespace) -> int:
    sys.stdout.write(shipped())
    return 0


COMMANDS: Mapping[str, Fill] = {"catalog": _catalog}
