"""The command line's word for the contract with systems that listen and decide: all of it as AsyncAPI 3, the
JSON Schema of one message, or a file for each."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from server.bad_file import BadFile
from server.command_line.wishes import Fill
from server.config import Settings
from server.contract import as_text, document, files, message_names, message_schema
from server.plurals import counted_of


def _contract(parser: argparse.ArgumentParser) -> None:
    words = "print the JSON Schema of this message: an event's topic, decide, fulfil or outcome"
    one = parser.add_mutually_exclusive_group()
    one.add_argument("name", nargs="?", metavar="MESSAGE", help=words)
    one.add_argument("--list", action="store_true", help="name every message, a line each")
    words = "write the document and every schema there, a file each"
    one.add_argument("--to", type=Path, metavar="FOLDER", help=words)
    parser.set_defaults(run=_run)


def _run(settings: Settings, asked: argparse.Namespace) -> int:
    if asked.list:
        sys.stdout.write("".join(f"{one}\n" for one in message_names()))
    elif asked.to is not None:
        _write(asked.to, files(settings.tenant))
    elif asked.name:
        sys.stdout.write(as_text(message_schema(_known(asked.name))))
    else:
        sys.stdout.write(as_text(document(settings.tenant)))
    return 0


def _known(name: str) -> str:
    if name not in message_names():
        raise BadFile(f"there is no message {name}; doorward contract --list names all")
    return name


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"wrote {counted_of(len(texts), 'file')} to {folder}\n")


COMMANDS: Mapping[str, Fill] = {"contract": _contract}
