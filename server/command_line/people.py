"""The command line's words for people: files of them, and the tokens of identity providers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from domain.person import Role
from server.bad_file import BadFile
from server.command_line.operating import operate_and_print
from server.command_line.wishes import Fill, runner
from server.config import Settings


def _people(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    bringing = actions.add_parser("import", help="make the directory hold whom a file holds")
    bringing.add_argument("file", type=Path, metavar="FILE", help="JSON or CSV")
    bringing.add_argument("--dry-run", action="store_true", help="only say what would change")
    bringing.add_argument("--json", action="store_true", help="print the result as JSON")
    bringing.set_defaults(run=_import)
    taking = actions.add_parser("export", help="write everybody to a file, - for stdout")
    taking.add_argument("file", metavar="FILE")
    taking.set_defaults(run=_export, json=False)
    forgetting = actions.add_parser(
        "forget", help="destroy what is known of a person who has left"
    )
    forgetting.add_argument("person", metavar="PERSON", help="a user name or an id")
    forgetting.add_argument("--yes", action="store_true", help="it cannot be undone, and shall be")
    forgetting.add_argument("--json", action="store_true", help="print the result as JSON")
    forgetting.set_defaults(run=_forget)
    rotating = actions.add_parser(
        "rotate-keys", help="wrap every person's key by a new master key"
    )
    rotating.add_argument("--json", action="store_true", help="print the result as JSON")
    rotating.set_defaults(run=runner("people rotate-keys"))
    _roles(actions.add_parser("role", help="see, give and take roles"))


def _roles(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for name, words in (
        ("list", "show what roles somebody has, and who gave and took them"),
        ("grant", "give a role, which no directory takes away again"),
        ("revoke", "take a role, which no directory gives back"),
    ):
        action = actions.add_parser(name, help=words)
        action.add_argument("person", metavar="PERSON", help="a user name or an id")
        if name != "list":
            action.add_argument("role", metavar="ROLE", choices=list(Role), help=", ".join(Role))
            seen = "the version you saw; refused if it is another now"
            action.add_argument("--expected-version", type=int, metavar="VERSION", help=seen)
        action.add_argument("--json", action="store_true", help="print the result as JSON")
        action.set_defaults(run=runner(f"people role {name}"))
        if name == "list":
            action.set_defaults(render=_roles_told)


def _roles_told(found: dict[str, Any]) -> str:
    lines = [f"{found['username']}  {', '.join(found['roles']) or 'no role'}"]
    for one in found["changes"]:
        done = "granted" if one["held"] else "revoked"
        lines.append(f"{one['at']}  {one['role']} {done} by {one['by'] or 'an operator'}")
    return "\n".join(lines)


def _forget(settings: Settings, asked: argparse.Namespace) -> int:
    if not asked.yes:
        raise BadFile(f"{asked.person}: this cannot be undone; say --yes to do it")
    return operate_and_print(
        settings, asked, "people forget", json.dumps({"person": asked.person}).encode()
    )


def _import(settings: Settings, asked: argparse.Namespace) -> int:
    try:
        content = asked.file.read_text("utf-8")
    except UnicodeDecodeError:
        raise BadFile(f"{asked.file}: it is not UTF-8") from None
    wish = {"content": content, "dry_run": asked.dry_run}
    return operate_and_print(settings, asked, "people import", json.dumps(wish).encode())


def _export(settings: Settings, asked: argparse.Namespace) -> int:
    def written(found: dict[str, Any]) -> str:
        if asked.file == "-":
            return str(found["content"]).rstrip()
        Path(asked.file).write_text(found["content"], "utf-8")
        return f"written to {asked.file}"

    asked.render = written
    return operate_and_print(settings, asked, "people export", b"")


def _tokens(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for name, words in (
        ("add", "make a token for an identity provider, and print it once"),
        ("remove", "let a token be good no more"),
        ("list", "list all"),
    ):
        action = actions.add_parser(name, help=words)
        if name != "list":
            action.add_argument("name", metavar="NAME")
        action.add_argument("--json", action="store_true", help="print the result as JSON")
        action.set_defaults(run=runner(f"scim-token {name}"))


COMMANDS: Mapping[str, Fill] = {"people": _people, "scim-token": _tokens}
