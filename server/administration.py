"""The command line's words for accounts: what is asked becomes the JSON body of an operation, which
runs here or in the server that is running."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from domain.person import Role
from server.config import Settings

Operate = Callable[[Settings, argparse.Namespace, str, bytes], int]
"""Runs an operation by name and prints what it returns."""

Commands = Any
"""argparse's action that takes further commands; its class is not public."""


def add_commands(commands: Commands, operate: Operate) -> None:
    """Add ``account`` to the commands."""
    parser = commands.add_parser("account", help="local accounts and their passwords")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    adding = actions.add_parser("add", help="add a person who signs in with a password")
    adding.add_argument("username", metavar="USERNAME")
    for name in ("given-name", "family-name", "email", "manager"):
        adding.add_argument(f"--{name}")
    adding.add_argument("--group", action="append", default=[], dest="groups", metavar="GROUP")
    adding.add_argument("--role", action="append", default=[], dest="roles", choices=list(Role))
    changing = actions.add_parser("password", help="give an account a new password")
    changing.add_argument("username", metavar="USERNAME")
    for action, operation in ((adding, "account add"), (changing, "account password")):
        action.add_argument("--stdin", action="store_true", help="read the password from stdin")
        action.add_argument("--json", action="store_true", help="print the result as JSON")
        action.set_defaults(run=_runner(operate, operation))


def _runner(operate: Operate, operation: str) -> Callable[[Settings, argparse.Namespace], int]:
    def run(settings: Settings, asked: argparse.Namespace) -> int:
        wish = {
            name: value
            for name, value in vars(asked).items()
            if name not in {"run", "json", "stdin"} and value is not None
        }
        if asked.stdin:
            wish["password"] = sys.stdin.readline().rstrip("\r\n")
        return operate(settings, asked, operation, json.dumps(wish).encode())

    return run
