"""The command line's word for serving: in one process, or as the parent of many. What a process needs is
loaded when it is known which it is: a parent needs next to nothing."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Mapping

from server.command_line.wishes import Fill
from server.config import Settings
from server.failures import StartFailed
from server.listening import listen
from server.process_memory import before_loading
from server.setting_parsers import LocalAccounts, worker_count
from server.supervision.notices import notices_of
from server.workers.attachment import Attachment, Handed
from server.workers.parent import Parent

_log = logging.getLogger(__name__)


def _serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--demo", action="store_true", help="with demo people and catalog")
    words = "processes that serve, on PostgreSQL (default: DOORWARD_WORKERS, else 1)"
    parser.add_argument("--workers", type=_workers, metavar="N", help=words)
    # What a parent gives to a worker; nobody else has it to give.
    parser.add_argument("--handed", type=Handed.parse, help=argparse.SUPPRESS)
    parser.set_defaults(run=_run)


def _run(settings: Settings, asked: argparse.Namespace) -> int:
    if asked.handed is not None:
        return _work(settings, asked)
    workers = asked.workers or settings.workers
    if workers > 1 and settings.on_sqlite:
        raise StartFailed(
            f"{workers} workers need PostgreSQL, since one process alone may write a SQLite file: set "
            "DOORWARD_DATABASE_URL to a postgresql:// URL (doorward store copy takes everything there)"
        )
    notices = notices_of(asked.environment, os.getpid())
    if notices is not None:
        notices.starting()
    with listen(settings) as bound:
        _check_exposure(settings)
        if workers == 1:
            before_loading()
            from server.command_line.one_server import serve_alone  # noqa: PLC0415 - large

            serve_alone(settings, bound, notices, demonstrating=asked.demo)
            return 0
        arguments = ["serve", "--demo"] if asked.demo else ["serve"]
        return Parent(bound, arguments, asked.environment, workers, notices).run()


def _check_exposure(settings: Settings) -> None:
    """Refuse to let the whole network guess passwords, unless that is what somebody wants."""
    if settings.signs_in_locally and settings.exposed:
        if settings.local_accounts is not LocalAccounts.ON:
            raise StartFailed(
                "local accounts are for this machine only: set DOORWARD_OIDC_ISSUER to sign people "
                "in by your identity provider, or DOORWARD_LOCAL_ACCOUNTS=on to let passwords do"
            )
        _log.warning("anybody who reaches this server may try passwords: local accounts are on")


def _workers(text: str) -> int:
    try:
        return worker_count(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from None


def _work(settings: Settings, asked: argparse.Namespace) -> int:
    attachment = Attachment(asked.handed)
    before_loading()
    from server.command_line.one_server import serve_as_worker  # noqa: PLC0415 - large

    serve_as_worker(settings, attachment, demonstrating=asked.demo)
    return 0


COMMANDS: Mapping[str, Fill] = {"serve": _serve}
