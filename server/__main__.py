"""The command line. Every error is one clear line on stderr and a non-zero exit; data goes to
stdout, as JSON where asked, and progress to stderr. A command is loaded when it is chosen."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

SUMMARY = "Self-hosted, event-sourced access requests with an MCP front end."
COMMANDS: Mapping[str, tuple[str, str]] = {
    "serve": ("serve", "serve MCP, OAuth and pages"),
    "catalog": ("catalog", "bring a catalog in or out"),
    "account": ("administration", "local accounts and their passwords"),
    "resource-server": ("administration", "who may ask whether a token is good"),
    "keys": ("administration", "the keys that sign client ids"),
    "webhook": ("webhooks", "events over HTTP, for systems without NATS"),
    "policy": ("policies", "who may request what, and who decides"),
    "integration": ("integrations", "systems that decide and fulfil"),
    "doctor": ("integrations", "look whether what is set up is safe"),
    "people": ("people", "bring people in or out"),
    "feature": ("features", "parts of Doorward that can be turned on and off"),
    "scim-token": ("people", "identity providers that provision people"),
    "nats": ("nats", "how far events have come"),
    "dlq": ("nats", "messages that could not be taken"),
    "audit": ("audit", "who did what, and that nobody changed it since"),
    "store": ("store", "copy the whole store, back it up, restore it"),
    "contract": ("contract", "events and commands, as AsyncAPI and JSON Schemas"),
    "deployment": ("deployment", "files for running it: containers, Kubernetes, systemd, NATS"),
    "metrics": ("metrics", "what /metrics tells, with a dashboard and alerts"),
    "rebuild": ("rebuilding", "rebuild read models from the log, beside those that are read"),
}
"""All commands, each with its module and what it is for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    asked = _parser(sys.argv[1:] if arguments is None else arguments).parse_args(arguments)
    from server.command_line.operating import run  # noqa: PLC0415 - not for help or the version

    return run(asked, os.environ)


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of these arguments: of all commands it knows their names, and of the one that
    is chosen, the whole."""
    parser = argparse.ArgumentParser(prog="doorward", description=SUMMARY)
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    chosen = next((one for one in arguments if not one.startswith("-")), None)
    for name, (module, words) in COMMANDS.items():
        command = commands.add_parser(name, help=words)
        if name == chosen:
            import_module(f"server.command_line.{module}").COMMANDS[name](command)
    return parser


class _Version(argparse.Action):
    """Looks for the version when it is asked for, which takes a while."""

    def __call__(self, parser: argparse.ArgumentParser, *_given: Any) -> None:
        from importlib import metadata  # noqa: PLC0415 - loads a parser of mails

        sys.stdout.write(f"doorward {metadata.version('doorward')}\n")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
