"""What all commands have in common that ask for an operation: what was given on the command line becomes
the JSON body of the operation, which runs here or in the server that is running."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from server.command_line.operating import operate_and_print
from server.config import Settings

Fill = Callable[[argparse.ArgumentParser], None]
"""Gives the parser of a command its arguments and what runs it."""

UNSENT = frozenset({"run", "render", "json", "stdin", "environment"})
"""What is there beside the wish itself."""

MOST_DIGITS = 18
"""So many fit into a column of either database, and into NATS."""

Commands = Any
"""argparse's action that takes further commands; its class is not public."""


def runner(operation: str) -> Callable[[Settings, argparse.Namespace], int]:
    """Return what runs a command: the operation, with all that was given."""

    def run(settings: Settings, asked: argparse.Namespace) -> int:
        wish = {
            name: value
            for name, value in vars(asked).items()
            if name not in UNSENT and value is not None
        }
        if getattr(asked, "stdin", False):
            wish["password"] = sys.stdin.readline().rstrip("\r\n")
        return operate_and_print(settings, asked, operation, json.dumps(wish).encode())

    return run


def names_of(kind: type[StrEnum]) -> list[str]:
    """Return the names to choose from as people write them; argparse shows members by their `repr`."""
    return [one.value for one in kind]


def whole_number(text: str) -> int:
    """Return a number that was given, or the largest that there could be; argparse tells of the
    `ArgumentTypeError` where it is none."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is no whole number")
    return int(text) if len(digits) <= MOST_DIGITS else 10**MOST_DIGITS - 1


def by_comma(text: str) -> list[str]:
    """Return a list that was given by comma."""
    return [one.strip() for one in text.split(",") if one.strip()]
