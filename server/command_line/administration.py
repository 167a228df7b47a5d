"""The command line's words for accounts, resource servers and keys. Keys are a file, which a
running server looks at by itself."""

from __future__ import annotations

import argparse
import sys

from domain.person import Role
from server.command_line.wishes import Commands, Operate, runner
from server.config import Settings
from server.wiring import StartFailed, signing_keys


def add_commands(commands: Commands, operate: Operate) -> None:
    """Add ``account``, ``resource-server`` and ``keys`` to the commands."""
    _add_account(commands, operate)
    _add_resource_server(commands, operate)
    _add_keys(commands)


def _add_account(commands: Commands, operate: Operate) -> None:
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
        action.set_defaults(run=runner(operate, operation))


def _add_resource_server(commands: Commands, operate: Operate) -> None:
    parser = commands.add_parser("resource-server", help="who may ask whether a token is good")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for name, words in (
        ("add", "let a resource server ask, and print its secret once"),
        ("rotate", "give it another secret; the former one lasts a day"),
        ("remove", "let it ask no more"),
        ("list", "list those that may ask"),
    ):
        action = actions.add_parser(name, help=words)
        if name != "list":
            action.add_argument("name", metavar="NAME")
        if name == "add":
            action.add_argument("--resource", metavar="URL", help="whose tokens it may ask about")
        if name == "rotate":
            leaked = "the former secret has leaked: it ends at once"
            action.add_argument("--at-once", action="store_true", help=leaked)
        action.add_argument("--json", action="store_true", help="print the result as JSON")
        action.set_defaults(run=runner(operate, f"resource-server {name}"))


def _add_keys(commands: Commands) -> None:
    parser = commands.add_parser("keys", help="the keys that sign client ids")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    actions.add_parser("list", help="list ids and dates").set_defaults(run=_keys_list)
    actions.add_parser("rotate", help="sign with a new key").set_defaults(run=_keys_rotate)
    dropping = actions.add_parser("drop", help="forget a key and every client id it signed")
    dropping.add_argument("key_id", metavar="ID")
    dropping.set_defaults(run=_keys_drop)


def _keys_list(settings: Settings, _asked: argparse.Namespace) -> int:
    for number, one in enumerate(signing_keys(settings).ring()):
        use = "signs" if number == 0 else "verifies"
        sys.stdout.write(f"{one.key_id}  {one.created_at.isoformat()}  {use}\n")
    return 0


def _keys_rotate(settings: Settings, _asked: argparse.Namespace) -> int:
    fresh = signing_keys(settings).rotate()
    sys.stdout.write(f"{fresh.key_id} signs from now on; the others still verify\n")
    return 0


def _keys_drop(settings: Settings, asked: argparse.Namespace) -> int:
    if not signing_keys(settings).drop(asked.key_id):
        raise StartFailed(f"there is no key {asked.key_id}, or it is the one that signs")
    sys.stdout.write(f"{asked.key_id} is gone; clients it signed have to register again\n")
    return 0
