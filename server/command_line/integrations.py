"""The command line's words for integrations, and for the doctor who looks whether NATS keeps them
apart."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from domain.integration import Right
from server.command_line.nats import keeping_line
from server.command_line.operating import operate_and_print
from server.command_line.wishes import Fill, by_comma, runner
from server.config import Settings

ACTIONS = {
    "add": "let a system decide, fulfil or listen, and print its keys once",
    "change": "change what it may do",
    "rotate": "give it other keys",
    "remove": "let it take part no more",
    "show": "show what it may do, and where it speaks and listens",
    "list": "list all",
    "nats-config": "print the accounts for a nats-server of your own",
}


def _integration(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for name, words in ACTIONS.items():
        action = actions.add_parser(name, help=words)
        if name not in ("list", "nats-config"):
            action.add_argument("name", metavar="NAME")
        _add_arguments(action, name)
        action.add_argument("--json", action="store_true", help="print the result as JSON")
        action.set_defaults(run=runner(f"integration {name}"))
        if name == "nats-config":
            action.set_defaults(render=lambda found: found["configuration"].rstrip())
        if name == "list":
            action.set_defaults(render=_listed)


def _add_arguments(action: argparse.ArgumentParser, name: str) -> None:
    if name in ("add", "change"):
        rights = f"what it may do, by comma: {', '.join(Right)}"
        action.add_argument("--may", dest="rights", type=_rights, metavar="RIGHTS", help=rights)
        apps = "app ids by comma, for these only. An empty text for all"
        action.add_argument("--apps", type=by_comma, metavar="APPS", help=apps)
        key = "Ed25519 public key (base64url) that its decisions are signed with"
        action.add_argument("--signing-key", metavar="KEY", help=key)
    if name == "rotate":
        leaked = "the former secret has leaked: it ends at once"
        action.add_argument("--at-once", action="store_true", help=leaked)


def _rights(text: str) -> list[str]:
    named = by_comma(text)
    if unknown := [one for one in named if one not in set(Right)]:
        known = ", ".join(Right)
        raise argparse.ArgumentTypeError(f"{unknown[0][:40]!r} is no right; there are {known}")
    return named


def _doctor(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    checking = actions.add_parser("nats", help="try what no integration may do")
    checking.add_argument("--name", metavar="NAME", help="the integration to try as")
    checking.add_argument("--seed", type=Path, metavar="FILE", help="the file with its seed")
    checking.add_argument("--json", action="store_true", help="print the result as JSON")

    def run(settings: Settings, asked: argparse.Namespace) -> int:
        wish: dict[str, Any] = {}
        if asked.seed is not None:
            wish = {"name": asked.name or "", "seed": asked.seed.read_text().strip()}
        return operate_and_print(settings, asked, "doctor nats", json.dumps(wish).encode())

    checking.set_defaults(run=run, render=_diagnosed)


def _listed(found: Mapping[str, Any]) -> str:
    lines = [
        f"{one['name']}  {', '.join(one['rights'])}  {one['apps'] if one['apps'] == 'all' else ', '.join(one['apps'])}"
        for one in found["integrations"]
    ]
    return "\n".join(lines) or "none"


def _diagnosed(found: Mapping[str, Any]) -> str:
    return "\n".join(_diagnosis(found))


def _diagnosis(found: Mapping[str, Any]) -> Iterator[str]:
    age = "" if found["recent"] else ": too old, 2.12.8 is the least"
    yield f"nats-server {found['version']}{age}"
    for one in found["drift"]:
        yield f"differs: {one}"
    if not found["roomy"]:
        yield "max_payload is too small for the largest event: 300 KB are the least, 1 MB is usual"
    for one in found["streams"]:
        yield keeping_line(one)
    for one in found["attacks"]:
        result = "in vain" if one["inert"] else f"DANGEROUS: {one['achieved']}"
        yield f"{one['attack']}: {result}"
    yield "safe" if found["safe"] else "NOT SAFE"


COMMANDS: Mapping[str, Fill] = {"integration": _integration, "doctor": _doctor}
