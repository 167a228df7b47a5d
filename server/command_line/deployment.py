"""The command line's word for the files for running Doorward: which there are, one of them, or all of them
in a folder to begin from."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from server import deployment
from server.bad_file import BadFile
from server.command_line.wishes import Fill
from server.config import Settings
from server.plurals import counted_of


def _deployment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="print this file; without, list all"
    )
    words = "write all files there, over none that is there already"
    parser.add_argument("--to", type=Path, metavar="FOLDER", help=words)
    parser.set_defaults(run=_run)


def _run(_settings: Settings, asked: argparse.Namespace) -> int:
    known = deployment.files()
    if asked.to is not None:
        chosen = [_known(asked.name, known)] if asked.name else known
        _write(chosen, asked.to)
    elif asked.name:
        sys.stdout.write((deployment.FOLDER / _known(asked.name, known)).read_text())
    else:
        sys.stdout.write("".join(f"{one}\n" for one in known))
    return 0


def _known(name: str, known: list[Path]) -> Path:
    if Path(name) not in known:
        raise BadFile(f"there is no file {name}; doorward deployment lists all")
    return Path(name)


def _write(chosen: list[Path], folder: Path) -> None:
    there = [one for one in chosen if (folder / one).exists()]
    if there:
        raise BadFile(f"{folder / there[0]} is there already; nothing was written")
    for one in chosen:
        target = folder / one
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((deployment.FOLDER / one).read_bytes())
    sys.stdout.write(f"wrote {counted_of(len(chosen), 'file')} to {folder}\n")


COMMANDS: Mapping[str, Fill] = {"deployment": _deployment}
