"""The command line's words for policies: list, show, retire, check a file, and explain what they do
for a person who asks for something, now or if a file were imported."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from server.catalog.file import parse_catalog
from server.command_line.operating import operate_and_print
from server.command_line.policy_simulation import add_simulate
from server.command_line.wishes import Commands, Fill
from server.config import Settings
from server.plurals import counted_of


def _policy(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listing = _add(actions, "list", "list the policies in force")
    listing.set_defaults(render=_listed)
    showing = _add(actions, "show", "show one as it would stand in a catalog file")
    showing.set_defaults(render=_shown)
    retiring = _add(actions, "retire", "let one apply no more")
    for one in (showing, retiring):
        one.add_argument("policy_id", metavar="ID")
    _add_explaining(actions)
    add_simulate(actions)
    checking = actions.add_parser("check", help="check the policies of a catalog file")
    checking.add_argument("file", type=Path, metavar="FILE")
    checking.set_defaults(run=_check)


def _add(actions: Commands, name: str, words: str) -> argparse.ArgumentParser:
    action: argparse.ArgumentParser = actions.add_parser(name, help=words)
    action.add_argument("--json", action="store_true", help="print the result as JSON")

    def run(settings: Settings, asked: argparse.Namespace) -> int:
        body = json.dumps(_wish(asked)).encode()
        return operate_and_print(settings, asked, f"policy {name}", body)

    action.set_defaults(run=run)
    return action


def _add_explaining(actions: Commands) -> None:
    words = "say what would happen if a person asked for something"
    explaining = _add(actions, "explain", words)
    explaining.add_argument("--person", required=True, metavar="PERSON", help="user name or id")
    explaining.add_argument("--requester", metavar="PERSON", help="who asks, if somebody else")
    explaining.add_argument("--item", required=True, action="append", dest="items", metavar="ID")
    explaining.add_argument("--length", metavar="LENGTH", help="such as '7 days'")
    explaining.add_argument("--emergency", action="store_true", help="as break-glass")
    explaining.add_argument(
        "--file", type=Path, metavar="FILE", help="with the policies of this catalog file"
    )
    explaining.set_defaults(render=explained)


def _wish(asked: argparse.Namespace) -> dict[str, Any]:
    names = ("policy_id", "person", "requester", "items", "length", "emergency")
    wish = {name: getattr(asked, name) for name in names if getattr(asked, name, None)}
    if getattr(asked, "file", None) is not None:
        wish["file"] = asked.file.read_text(encoding="utf-8")
    return wish


def _check(_settings: Settings, asked: argparse.Namespace) -> int:
    found = parse_catalog(asked.file.read_bytes()).policies
    told = "and all fit" if len(found) != 1 else "and it fits"
    sys.stdout.write(f"{counted_of(len(found), 'policy', 'policies')}, {told}\n")
    return 0


def _listed(found: Mapping[str, Any]) -> str:
    lines = [
        f"{one['id']}  version {one['version']}  {' > '.join(one['stages']) or 'no approval'}"
        for one in found["policies"]
    ]
    return "\n".join(lines) or "none; the default applies: the manager decides"


def _shown(found: Mapping[str, Any]) -> str:
    return f"version {found['version']}\n{json.dumps(found['policy'], indent=2)}"


def explained(found: Mapping[str, Any]) -> str:
    """Return an explanation in lines; that it is refused comes first."""
    return "\n".join(_lines(found))


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    if "refused" in found:
        yield f"Refused ({found['refused']['code']}): {found['refused']['why']}"
    for item in found["items"]:
        policy = item["policy"]
        yield f"{item['item']}: policy {policy['id']}, version {policy['version']}"
        yield f"  may be requested by {', '.join(item['requestable_by'])}"
        need = "required" if item["justification_required"] else "optional"
        yield f"  a justification is {need}; form fields: {_fields(item['form'])}"
        offered = ", ".join(item["access_lengths"])
        yield f"  lasts {offered}; {item['default_access_length']} by default"
    for route in found.get("routes", ()):
        yield f"Route of {', '.join(route['items'])}:"
        yield from _route(route)


def _fields(form: Mapping[str, Any]) -> str:
    return ", ".join(form["properties"]) or "none"


def _route(route: Mapping[str, Any]) -> Iterator[str]:
    if route["approved_by_rule"]:
        yield f"  approved at once by the rule {route['approved_by_rule']}"
    for number, stage in enumerate(route["stages"], start=1):
        who = ", ".join(stage["may_decide_now"]) or "nobody: it would wait until it lapses"
        more = ", administrators added" if stage["administrators_added"] else ""
        named = ", ".join(stage["approvers"])
        yield f"  stage {number}, {stage['name']}: {stage['needed']} of {named}{more}"
        yield f"    may decide now: {who}"
    granted = route["granted_by"]
    by = granted if isinstance(granted, str) else f"hand of {', '.join(granted)}"
    yield f"  granted by {by}; lapses after {route['lapses_after']}"


COMMANDS: Mapping[str, Fill] = {"policy": _policy}
