"""One server, from the opened store to the last request. Everything that it needs is loaded with this module,
in one go and on one thread, so that the command that chose to serve can be small where it only starts
others."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from functools import partial
from importlib import metadata

from server.catalog_pages.browsing import CATALOG
from server.config import Settings
from server.inbox.listing import INBOX
from server.oauth.resources import USER
from server.observation.listening import listening
from server.operations.accounts import first_administrator
from server.operations.read_models import catch_up
from server.process_memory import once_ready
from server.serving import serve
from server.sign_in.provisioning import FIRST
from server.supervision.notices import Notices
from server.wiring import System, open_system
from server.workers.attachment import Attachment
from server.workers.banner import show_banner

ANOTHER_EACH_TIME = "it is another at each start, unless DOORWARD_DEMO_PASSWORD sets it"


def serve_alone(
    settings: Settings, bound: socket.socket, notices: Notices | None, *, demonstrating: bool
) -> None:
    """Serve as the only process until a signal says stop; `notices` tell whoever has started us how it fares."""
    with listening(settings) as telemetry, open_system(settings, telemetry) as system:
        banner = _prepared(system, demonstrating=demonstrating)
        with system.nats.open() as publisher:
            ready = partial(_ready, partial(show_banner, banner))
            serve(system, publisher, bound, ready, supervisor=notices)


def serve_as_worker(settings: Settings, attachment: Attachment, *, demonstrating: bool) -> None:
    """Serve as one of many until a signal says stop, or the parent is gone. The first worker prepares the
    store for all."""
    with listening(settings) as telemetry, open_system(settings, telemetry) as system:
        first = attachment.first
        banner = _prepared(system, demonstrating=demonstrating) if first else ""
        with system.nats.open(attachment.keep) as publisher:
            ready = partial(_ready, partial(attachment.ready, banner))
            told = attachment if attachment.report_seconds else None
            serve(system, publisher, attachment.listener, ready, shared=True, supervisor=told)


def _ready(tell: Callable[[], None]) -> None:
    tell()
    once_ready()


def _prepared(system: System, *, demonstrating: bool) -> str:
    """Make what a first start needs, in the store; return what to tell people."""
    password: str | None = None
    people: tuple[str, ...] = ()
    note = ""
    if demonstrating:
        from server import demo  # noqa: PLC0415 - brings what imports catalogs

        password = demo.prepare(system)
        note = "" if system.settings.demo_password else ANOTHER_EACH_TIME
        if not system.settings.signs_in_locally:
            # The demo's people have passwords that nobody may use here.
            password = None
        people = tuple(one.record.username.text for one in demo.PEOPLE)
    elif system.settings.signs_in_locally:
        password, people = first_administrator(system), (FIRST,)
    catch_up(system)
    return _banner(system.settings, password, people, note)


def _banner(settings: Settings, password: str | None, people: Sequence[str], note: str) -> str:
    url = USER.url(settings.issuer)
    lines = [
        f"Doorward {metadata.version('doorward')} is ready.",
        f"  MCP      {url}",
        f"  Claude   claude mcp add --transport http doorward {url}",
        f"  Codex    codex mcp add doorward --url {url}",
        f"  Catalog  {settings.issuer}{CATALOG}",
        f"  Inbox    {settings.issuer}{INBOX}",
        f"  Data     {settings.data_dir.resolve()}",
    ]
    if password is not None:
        lines += [f"  People   {', '.join(people)}", f"  Password {password}"]
        if note:
            lines.append(f"           {note}")
    if settings.signs_in_locally:
        lines.append("  Sign-in  local accounts, for trying out; see DOORWARD_OIDC_ISSUER")
    return "\n".join(lines) + "\n"
