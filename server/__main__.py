"""The command line. Every error is one clear line on stderr and a non-zero exit; data goes to
stdout, as JSON where asked, and progress to stderr."""

from __future__ import annotations

import argparse
import json
import logging
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

from domain.envelope import Unreadable
from domain.errors import Refused
from domain.ports import Unavailable
from server import control, demo
from server.bad_file import BadFile
from server.catalog_pages.browsing import CATALOG
from server.command_line import (
    administration,
    audit,
    catalog,
    integrations,
    nats,
    people,
    policies,
    store,
    webhooks,
)
from server.command_line.progress import show_report
from server.config import BadSetting, Settings, load_settings
from server.inbox.listing import INBOX
from server.oauth.resources import USER
from server.operations import OPERATIONS
from server.operations.accounts import first_administrator
from server.operations.read_models import catch_up
from server.serving import listen, serve
from server.setting_parsers import LocalAccounts
from server.sign_in.provisioning import FIRST
from server.wiring import (
    StartFailed,
    StoreInUse,
    System,
    open_system,
)

_log = logging.getLogger(__name__)
ERRORS = (
    BadSetting,
    BadFile,
    StartFailed,
    control.Failed,
    Refused,
    Unavailable,
    Unreadable,
    OSError,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    try:
        _check_text(asked)
        settings = load_settings(os.environ)
        code: int = asked.run(settings, asked)
    except ERRORS as fault:
        sys.stderr.write(f"doorward: {_line(fault)}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _check_text(asked: argparse.Namespace) -> None:
    """Refuse bytes that are no UTF-8, which Python hands over as surrogates, and no database takes."""
    try:
        json.dumps(
            [one for one in vars(asked).values() if isinstance(one, str)], ensure_ascii=False
        ).encode()
    except UnicodeEncodeError:
        raise BadFile("what was given is not all UTF-8") from None


def _line(fault: Exception) -> str:
    """Return a fault in one line."""
    if isinstance(fault, OSError):
        return f"{fault.filename}: {fault.strerror}" if fault.filename else str(fault.strerror)
    return " ".join(str(fault).split())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="doorward", description=metadata.metadata("doorward")["Summary"]
    )
    version = f"doorward {metadata.version('doorward')}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serving = commands.add_parser("serve", help="serve MCP, OAuth and pages")
    serving.add_argument("--demo", action="store_true", help="with demo people and catalog")
    serving.set_defaults(run=_serve)
    catalog.add_commands(commands, _operate_from)
    administration.add_commands(commands, _operate_from)
    webhooks.add_commands(commands, _operate_from)
    policies.add_commands(commands, _operate_from)
    integrations.add_commands(commands, _operate_from)
    people.add_commands(commands, _operate_from)
    nats.add_commands(commands, _operate_from)
    audit.add_commands(commands, _operate_from, _operate)
    store.add_commands(commands)
    rebuilding = commands.add_parser(
        "rebuild", help="rebuild read models from the log, beside those that are read"
    )
    rebuilding.add_argument("names", nargs="*", metavar="NAME", help="a read model; all, if none")
    rebuilding.add_argument("--json", action="store_true", help="print the result as JSON")
    rebuilding.set_defaults(run=_rebuild, render=_rebuilt)
    return parser


def _serve(settings: Settings, asked: argparse.Namespace) -> int:
    with listen(settings) as bound:
        _check_exposure(settings)
        return _serve_at(bound, settings, demonstrating=asked.demo)


def _serve_at(bound: socket.socket, settings: Settings, *, demonstrating: bool) -> int:
    with open_system(settings) as system:
        password: str | None = None
        people: tuple[str, ...] = ()
        if demonstrating:
            password = demo.prepare(system)
            if not settings.signs_in_locally:
                # The demo's people have passwords that nobody may use here.
                password = None
            people = tuple(one.record.username.text for one in demo.PEOPLE)
        elif settings.signs_in_locally:
            password, people = first_administrator(system), (FIRST,)
        catch_up(system)
        with system.nats.open() as publisher:
            serve(system, publisher, bound, lambda: _banner(system, password, people))
    return 0


def _check_exposure(settings: Settings) -> None:
    """Refuse to let the whole network guess passwords, unless that is what somebody wants."""
    if settings.signs_in_locally and settings.exposed:
        if settings.local_accounts is not LocalAccounts.ON:
            raise StartFailed(
                "local accounts are for this machine only: set DOORWARD_OIDC_ISSUER to sign people "
                "in by your identity provider, or DOORWARD_LOCAL_ACCOUNTS=on to let passwords do"
            )
        _log.warning("anybody who reaches this server may try passwords: local accounts are on")


def _banner(system: System, password: str | None, people: Sequence[str]) -> None:
    url = USER.url(system.settings.issuer)
    lines = [
        f"Doorward {metadata.version('doorward')} is ready.",
        f"  MCP      {url}",
        f"  Claude   claude mcp add --transport http doorward {url}",
        f"  Codex    codex mcp add doorward --url {url}",
        f"  Catalog  {system.settings.issuer}{CATALOG}",
        f"  Inbox    {system.settings.issuer}{INBOX}",
        f"  Data     {system.settings.data_dir.resolve()}",
    ]
    if password is not None:
        lines += [f"  People   {', '.join(people)}", f"  Password {password}"]
    if system.settings.signs_in_locally:
        lines.append("  Sign-in  local accounts, for trying out; see DOORWARD_OIDC_ISSUER")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _rebuild(settings: Settings, asked: argparse.Namespace) -> int:
    return _operate_from(settings, asked, "rebuild", json.dumps(asked.names).encode())


def _rebuilt(done: Mapping[str, Any]) -> str:
    """Say what a rebuild came to."""
    mended = [f"  {name}: {rows:,} rows mended" for name, rows in done["rows_mended"].items()]
    right = "they were not what the log says:" if mended else "every row was what the log says"
    count, position = len(done["read_models"]), f"{done['position']:,}"
    pace = f"{done['events_per_second']:,} events a second"
    return "\n".join((f"{count} read models to position {position}, {pace}; {right}", *mended))


def _operate_from(settings: Settings, asked: argparse.Namespace, command: str, body: bytes) -> int:
    """Do the work and print its result: as JSON, in words of the command's own, or by name."""
    done = _operate(settings, command, body)
    if "render" in asked and not asked.json:
        sys.stdout.write(f"{asked.render(done)}\n")
    else:
        _print_result(done, as_json=asked.json)
    return 0 if done.get("safe", True) else 1


def _operate(settings: Settings, command: str, body: bytes) -> dict[str, Any]:
    """Do the work here, or where a server runs on the same SQLite file, there."""
    try:
        with open_system(settings) as system:
            return OPERATIONS[command](system, body, show_report)
    except StoreInUse:
        return control.hand_over(settings.data_dir, command, body, show_report)


def _print_result(result: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(result) + "\n")
        return
    for name, value in result.items():
        # What has fields of its own is listed under its own name.
        title = name if isinstance(value, Mapping) else name.replace("_", " ")
        sys.stdout.write(f"{title}: {_shown(value)}\n")


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        parts = (f"{name.replace('_', ' ')} {_shown(one)}" for name, one in value.items())
        return "; ".join(parts)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    sys.exit(main())
