"""The command line's words for NATS: where it stands, and the dead letters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.command_line.wishes import Commands, Operate, runner


def add_commands(commands: Commands, operate: Operate) -> None:
    """Add ``nats`` and ``dlq`` to the commands."""
    standing = commands.add_parser("nats", help="how far events have come")
    actions = standing.add_subparsers(required=True, metavar="ACTION")
    status = actions.add_parser("status", help="publishing, commands, integrations")
    status.add_argument("--json", action="store_true", help="print the result as JSON")
    status.set_defaults(run=runner(operate, "nats status"))
    resuming = actions.add_parser("resume", help="let a publisher go on that has halted")
    how = resuming.add_mutually_exclusive_group(required=True)
    again = "publish all events anew: who does not know events by their ids acts on them again"
    how.add_argument("--replay-all", dest="replay", action="store_true", help=again)
    alone = "publish new events alone: what the stream has lost stays lost there"
    how.add_argument("--continue", dest="replay", action="store_false", help=alone)
    resuming.add_argument("--json", action="store_true", help="print the result as JSON")
    resuming.set_defaults(run=runner(operate, "nats resume"))
    letters = commands.add_parser("dlq", help="messages that could not be taken")
    actions = letters.add_subparsers(required=True, metavar="ACTION")
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
            action.add_argument("number", type=int, metavar="NUMBER")
        action.add_argument("--json", action="store_true", help="print the result as JSON")
        action.set_defaults(run=runner(operate, f"dlq {name}"))


def _listed(found: Mapping[str, Any]) -> str:
    lines = [
        f"{one['number']}  {one['at']}  {one['from']}: {one['reason']}" for one in found["letters"]
    ]
    return "\n".join(lines) or "none"
