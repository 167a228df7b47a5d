"""The command line's words for people: files of them, one by one, and the tokens of identity providers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from domain.person import Role
from server.bad_file import BadFile
from server.command_line.operating import operate_and_print
from server.command_line.wishes import Commands, Fill, names_of, runner, whole_number
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
    _one_by_one(actions)
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
    _roles(actions.add_parser("role", help="see, give, take and release roles"))


def _one_by_one(actions: Commands) -> None:
    for name, words, render in (
        ("list", "list everybody, with roles, and who is disabled", _listed),
        ("show", "show what is known of one", _shown),
        ("disable", "let one sign in no more: sessions and all tokens end at once", _switched),
        ("enable", "let one who was disabled sign in again", _switched),
    ):
        action = actions.add_parser(name, help=words)
        if name != "list":
            action.add_argument("person", metavar="PERSON", help="a user name or an id")
        action.add_argument("--json", action="store_true", help="print the result as JSON")
        action.set_defaults(run=runner(f"people {name}"), render=render)


def _listed(found: Mapping[str, Any]) -> str:
    lines = [
        f"{one['username']}  {one['name']}  {', '.join(one['roles']) or 'no role'}"
        f"{'  disabled' if one['disabled'] else ''}"
        for one in found["people"]
    ]
    return "\n".join(lines) or "none"


def _shown(found: Mapping[str, Any]) -> str:
    texts = {
        **found,
        "groups": ", ".join(found["groups"]),
        "roles": ", ".join(found["roles"]),
        "disabled": "yes" if found["disabled"] else "no",
        "attributes": "; ".join(f"{name} {one}" for name, one in found["attributes"].items()),
    }
    return "\n".join(f"{name.replace('_', ' ')}: {text or 'none'}" for name, text in texts.items())


def _switched(found: Mapping[str, Any]) -> str:
    before = "" if found["changed"] else " already"
    return f"{found['username']} is {found['state']}{before}"


def _roles(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for name, words in (
        ("list", "show what roles somebody has, and who decided on them by hand"),
        ("grant", "give a role, which no directory takes away again"),
        ("revoke", "take a role, which no directory gives back"),
        ("release", "undo grant or revoke: the directory decides on the role again"),
    ):
        action = actions.add_parser(name, help=words)
        action.add_argument("person", metavar="PERSON", help="a user name or an id")
        if name != "list":
            action.add_argument(
                "role", metavar="ROLE", choices=names_of(Role), help=", ".join(Role)
            )
            seen = "the version you saw; refused if it is another now"
            action.add_argument(
                "--expected-version", type=whole_number, metavar="VERSION", help=seen
            )
        action.add_argument("--json", action="store_true", help="print the result as JSON")
        action.set_defaults(run=runner(f"people role {name}"))
        if name == "list":
            action.set_defaults(render=_roles_told)


def _roles_told(found: dict[str, Any]) -> str:
    lines = [f"{found['username']}  {', '.join(found['roles']) or 'no role'}"]
    if by_hand := found["by_hand"]:
        directory = ", ".join(found["directory"]) or "no role"
        lines.append(f"decided by hand: {', '.join(by_hand)}; the directory says: {directory}")
    for one in found["changes"]:
        done = {True: "granted", False: "revoked", None: "released"}[one["held"]]
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
