"""The command line's words for webhooks."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from server.command_line.operating import lines_of
from server.command_line.wishes import Fill, by_comma, runner, whole_number

ACTIONS = {
    "add": "send events to a URL, and print the secret that signs them, once",
    "change": "send elsewhere, or other events",
    "list": "list all webhooks",
    "show": "tell how one stands",
    "rotate": "give it another secret; both sign for a day",
    "pause": "send nothing for now",
    "resume": "go on where it stopped",
    "remove": "forget it with its secret and its failures",
    "replay": "send everything again from a position on",
    "failures": "list deliveries that failed, dead letters first",
    "redeliver": "try a failed delivery again, at once",
    "test": "send a test event",
}


def _webhook(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for name, words in ACTIONS.items():
        action = actions.add_parser(name, help=words)
        if name != "list":
            action.add_argument("name", metavar="NAME")
        _add_arguments(action, name)
        action.add_argument("--json", action="store_true", help="print the result as JSON")
        action.set_defaults(run=runner(f"webhook {name}"), render=_told)


def _add_arguments(action: argparse.ArgumentParser, name: str) -> None:
    if name == "add":
        action.add_argument("url", metavar="URL")
    if name == "change":
        action.add_argument("--url", metavar="URL")
    if name in {"add", "change"}:
        topics = "topics by comma, * for any part: access_request.*, or * for all"
        action.add_argument("--events", type=by_comma, metavar="TOPICS", help=topics)
        apps = "app ids by comma; only events about these. An empty text for all"
        action.add_argument("--apps", type=by_comma, metavar="APPS", help=apps)
    if name in {"add", "replay"}:
        where = action.add_mutually_exclusive_group(required=name == "replay")
        position = "position of the first event to send"
        where.add_argument(
            "--from", type=whole_number, dest="from_position", metavar="POSITION", help=position
        )
        start = "from the first event there ever was"
        where.add_argument(
            "--from-start", action="store_const", const=0, dest="from_position", help=start
        )
    if name == "rotate":
        leaked = "the former secret has leaked: it signs no more"
        action.add_argument("--at-once", action="store_true", help=leaked)
    if name == "redeliver":
        which = action.add_mutually_exclusive_group(required=True)
        which.add_argument("event_id", nargs="?", metavar="ID", help="the event's id")
        which.add_argument("--all", action="store_true", help="all dead letters")


def _told(found: Mapping[str, Any]) -> str:
    return lines_of({name: _said(name, value) for name, value in found.items()})


def _said(name: str, value: object) -> object:
    """Return a value as it is told: where no apps are named, all are meant."""
    if name == "apps":
        return value or "all"
    if isinstance(value, Mapping):
        return {inner: _said(inner, one) for inner, one in value.items()}
    return value


COMMANDS: Mapping[str, Fill] = {"webhook": _webhook}
