"""The command line's words for feature flags."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from server.command_line.wishes import Fill, runner, whole_number

ACTIONS = {
    "list": "list all features, what each brings, and whether it is on",
    "on": "turn a feature on, for the next call of every client",
    "off": "turn a feature off, for the next call of every client",
}


def _feature(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for name, words in ACTIONS.items():
        action = actions.add_parser(name, help=words)
        if name != "list":
            action.add_argument("name", metavar="NAME")
            seen = "the version you saw; refused if it is another now"
            action.add_argument(
                "--expected-version", type=whole_number, metavar="VERSION", help=seen
            )
        action.add_argument("--json", action="store_true", help="print the result as JSON")
        action.set_defaults(run=runner(f"feature {name}"))
        if name == "list":
            action.set_defaults(render=_listed)


def _listed(found: Mapping[str, Any]) -> str:
    return "\n".join(_line(one) for one in found["features"])


def _line(one: Mapping[str, Any]) -> str:
    by = one["switched_by"] or "an operator"
    since = f"by {by}, {one['switched_at']}" if one["switched_at"] else "as the setting says"
    return f"{one['name']}  {one['state']} ({since})  {one['words']}"


COMMANDS: Mapping[str, Fill] = {"feature": _feature}
