"""The command line's words for accounts, resource servers and keys. Keys are a file, which a
running server looks at by itself."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from domain.person import Role
from server.command_line.wishes import Fill, names_of, runner
from server.config import Settings
from server.failures import StartFailed
from server.plurals import counted_of
from server.wiring.keys import make_key_files, signing_keys
from server.wiring.stores import accept_keys


def _account(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    adding = actions.add_parser("add", help="add a person who signs in with a password")
    adding.add_argument("username", metavar="USERNAME")
    for name in ("given-name", "family-name", "email", "manager"):
        adding.add_argument(f"--{name}")
    adding.add_argument("--group", action="append", default=[], dest="groups", metavar="GROUP")
    adding.add_argument(
        "--role", action="append", default=[], dest="roles", choices=names_of(Role)
    )
    changing = actions.add_parser("password", help="give an account a new password")
    changing.add_argument("username", metavar="USERNAME")
    for action, operation in ((adding, "account add"), (changing, "account password")):
        action.add_argument("--stdin", action="store_true", help="read the password from stdin")
        action.add_argument("--json", action="store_true", help="print the result as JSON")
        action.set_defaults(run=runner(operation))


def _resource_server(parser: argparse.ArgumentParser) -> None:
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
        action.set_defaults(run=runner(f"resource-server {name}"))


def _keys(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    actions.add_parser("list", help="list ids and dates").set_defaults(run=_keys_list)
    actions.add_parser("rotate", help="sign with a new key").set_defaults(run=_keys_rotate)
    dropping = actions.add_parser("drop", help="forget a key and every client id it signed")
    dropping.add_argument("key_id", metavar="ID")
    dropping.set_defaults(run=_keys_drop)
    words = "make all key files in a folder, for the servers of many machines"
    making = actions.add_parser("init", help=words)
    making.add_argument("folder", type=Path, metavar="FOLDER")
    making.set_defaults(run=_keys_init)
    words = "use the database with these keys, where those it was used with are lost"
    actions.add_parser("accept", help=words).set_defaults(run=_keys_accept)


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
    keys = signing_keys(settings)
    if asked.key_id == keys.ring()[0].key_id:
        raise StartFailed(f"{asked.key_id} is the key that signs; rotate the keys before")
    if not keys.drop(asked.key_id):
        raise StartFailed(f"there is no key {asked.key_id[:80]}; doorward keys list shows all")
    sys.stdout.write(f"{asked.key_id} is gone; clients it signed have to register again\n")
    return 0


def _keys_init(_settings: Settings, asked: argparse.Namespace) -> int:
    made = make_key_files(asked.folder)
    if not made:
        raise StartFailed(f"all key files are in {asked.folder} already")
    sys.stdout.write(f"made {', '.join(one.name for one in made)} in {asked.folder}\n")
    sys.stdout.write("bring them to every server, and set DOORWARD_KEYS_DIR there\n")
    return 0


def _keys_accept(settings: Settings, _asked: argparse.Namespace) -> int:
    forgotten = accept_keys(settings)
    sys.stdout.write(
        f"the database no longer asks for the {counted_of(forgotten, 'key')} it was used with\n"
    )
    return 0


COMMANDS: Mapping[str, Fill] = {
    "account": _account,
    "resource-server": _resource_server,
    "keys": _keys,
}
