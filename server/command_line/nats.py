"""The command line's words for NATS: where it stands, and the dead letters."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from server.command_line.wishes import Fill, runner, whole_number
from server.plurals import counted_of


def _nats(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    status = actions.add_parser("status", help="publishing, commands, integrations")
    status.add_argument("--json", action="store_true", help="print the result as JSON")
    status.set_defaults(run=runner("nats status"), render=_standing)
    resuming = actions.add_parser("resume", help="let a publisher go on that has halted")
    how = resuming.add_mutually_exclusive_group(required=True)
    again = "publish all events anew: who does not know events by their ids acts on them again"
    how.add_argument("--replay-all", dest="replay", action="store_true", help=again)
    alone = "publish new events alone: what the stream has lost stays lost there"
    how.add_argument("--continue", dest="replay", action="store_false", help=alone)
    resuming.add_argument("--json", action="store_true", help="print the result as JSON")
    resuming.set_defaults(run=runner("nats resume"))


def _letters(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for name, words in (
        ("list", "list them, the newest first"),
        ("show", "show one with its content"),
        ("retry", "answer a command as if it came now"),
        ("discard", "forget one"),
    ):
        action = actions.add_parser(name, help=words)
        if name == "list":
            action.set_defaults(render=_listed)
        else:
            action.add_argument("number", type=whole_number, metavar="NUMBER")
        action.add_argument("--json", action="store_true", help="print the result as JSON")
        action.set_defaults(run=runner(f"dlq {name}"))


def _standing(found: Mapping[str, Any]) -> str:
    publishing, commands = found["publishing"], found["commands"]
    elsewhere = "by another process, if one serves"
    lines = []
    if publishing is not None:
        why = f": {publishing['reason']}" if publishing["reason"] else ""
        state = elsewhere if publishing["state"] == "elsewhere" else publishing["state"]
        lines += [f"publishing: {state}, {counted_of(found['behind'], 'event')} behind{why}"]
        lines += [f"differs: {one}" for one in publishing["drift"]]
    if publishing is not None and commands is None:
        lines += [f"commands: {elsewhere}"]
    elif commands is not None:
        state = "read" if commands["connected"] else f"not read: {commands['reason']}"
        told = f"{commands['answered']:,} answered, {commands['set_aside']:,} set aside"
        lines += [f"commands: {state}; {told}"]
    lines += map(keeping_line, found["streams"])
    for one in found["consumers"]:
        told = f"{one['pending']:,} to read, {one['unacknowledged']:,} not acknowledged"
        lines += [f"{one['name']} on {one['stream']}: {told}"]
    return "\n".join([*lines, f"dead letters: {found['dead_letters']:,}"])


def keeping_line(one: Mapping[str, Any]) -> str:
    """Say how a stream or consumer is kept."""
    if not one["leader"]:
        return f"{one['name']}: NO LEADER"
    behind = f", BEHIND: {', '.join(one['behind'])}" if one["behind"] else ""
    return f"{one['name']}: {one['replicas']} copies, {one['leader']} leads{behind}"


def _listed(found: Mapping[str, Any]) -> str:
    lines = [
        f"{one['number']}  {one['at']}  {one['from']}: {one['reason']}" for one in found["letters"]
    ]
    return "\n".join(lines) or "none"


COMMANDS: Mapping[str, Fill] = {"nats": _nats, "dlq": _letters}
