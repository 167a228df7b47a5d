"""The command line's words for auditors. They read the log beside whoever writes it."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from domain.access_request import request_stream
from domain.envelope import Recorded
from domain.events import EVENT_TYPES
from domain.ports import EventStore
from domain.values import RequestId, StreamId
from projections.people import person_by_username
from server.audit import reading
from server.audit.reading import Sought
from server.bad_file import BadFile
from server.command_line.audit_as_of import add_as_of, add_why
from server.command_line.audit_export import add_export
from server.command_line.audit_proving import add_proving
from server.command_line.audit_verify import add_verify
from server.command_line.wishes import Commands, Fill, whole_number
from server.config import Settings
from server.wiring import event_app, event_bodies, open_store_to_read

POLL_SECONDS = 0.5
LAST_POSITION = 2**62
MOMENT = "RFC 3339 with offset, such as 2026-11-28T09:00:00Z"
MOST_NEAR = 5


class BadWish(BadFile):
    """What is asked of the log cannot be; the message says why."""


def _audit(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    _add_log(actions)
    showing = actions.add_parser("show", help="everything that an event, or a request's, says")
    showing.add_argument("what", metavar="POSITION|REQUEST|STREAM")
    showing.add_argument("--json", action="store_true", help="print them as JSON, one a line")
    showing.set_defaults(run=_show)
    add_export(actions, add_filters, _sought)
    add_as_of(actions)
    add_why(actions)
    add_verify(actions)
    add_proving(actions)


def _add_log(actions: Commands) -> None:
    listing = actions.add_parser("log", help="list events in order")
    add_filters(listing)
    listing.add_argument("--after", type=whole_number, default=0, metavar="POSITION")
    listing.add_argument("--follow", action="store_true", help="go on as events come")
    listing.add_argument("--json", action="store_true", help="as CloudEvents, one a line")
    listing.set_defaults(run=_log)


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Add what says which events are sought."""
    for name, words in (
        ("actor", "who acted: a user name, a person's id, or an integration"),
        ("client", "through which client: its id or its name"),
        ("about", "whom or what the event names: a user name, or any id"),
        ("app", "which app it is about"),
        ("type", "its type, or what that begins with: access_request"),
        ("stream", "the stream it stands in"),
    ):
        parser.add_argument(f"--{name}", metavar=name.upper(), help=words)
    for name in ("since", "until"):
        words = f"a time as {MOMENT}"
        parser.add_argument(f"--{name}", type=_moment, metavar="TIME", help=words)


def _moment(text: str) -> datetime:
    moment: datetime | None = None
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
    if moment is None or moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} cannot be read: give a time as {MOMENT}")
    return moment


def _log(settings: Settings, asked: argparse.Namespace) -> int:
    show = _shown(settings, as_json=asked.json)
    with open_store_to_read(settings) as store:
        sought = _sought(store, asked)
        position = min(max(0, asked.after), LAST_POSITION)
        while True:
            position = _print(store, sought, position, show)
            if not asked.follow:
                return 0
            time.sleep(POLL_SECONDS)


def _print(
    store: EventStore, sought: Sought, position: int, show: Callable[[Recorded], str]
) -> int:
    """Print what is sought after a position; return the head up to which that is all."""
    head = store.head()
    for recorded in reading.events(store, sought, event_app, position, until=head):
        sys.stdout.write(show(recorded) + "\n")
    sys.stdout.flush()
    return head


def _sought(store: EventStore, asked: argparse.Namespace) -> Sought:
    return Sought(
        actor=_person(store, asked.actor),
        client=asked.client,
        about=_person(store, asked.about),
        app=asked.app,
        kind=_kind(asked.type),
        stream=asked.stream,
        since=asked.since,
        until=asked.until,
    )


def _kind(name: str | None) -> str | None:
    """Return the type that is sought, or the beginning of one; raises `BadWish` where no event has such."""
    known = {*EVENT_TYPES, *(topic.partition(".")[0] for topic in EVENT_TYPES)}
    if name is None or name in known:
        return name
    near = difflib.get_close_matches(name[:80], sorted(known), MOST_NEAR)
    near = near or sorted(one for one in known if "." not in one)
    raise BadWish(f"no event is of the type {name[:80]}; there are {', '.join(near)}")


def _person(store: EventStore, name: str | None) -> str | None:
    """Return the id of the person of this user name; of none, what was given."""
    if name is None:
        return None
    with store.read() as rows:
        found = person_by_username(rows, name)
    return found.person_id if found else name


def _show(settings: Settings, asked: argparse.Namespace) -> int:
    show = _shown(settings, as_json=asked.json)
    body = event_bodies(settings)
    with open_store_to_read(settings) as store:
        for recorded in _named(store, asked.what):
            sys.stdout.write(show(recorded) + "\n")
            if not asked.json:
                content = json.dumps(json.loads(body(recorded)), indent=2, ensure_ascii=False)
                sys.stdout.write(content + "\n")
    return 0


def _named(store: EventStore, what: str) -> Sequence[Recorded]:
    """Return the events that a position, a request's id or a stream names; raises `BadWish`."""
    found: Iterable[Recorded]
    if what.isdecimal() and what.isascii() and len(what) < len(str(LAST_POSITION)):
        found = [one for one in store.events_after(int(what) - 1, 1) if one.position == int(what)]
    else:
        found = store.stream(request_stream(RequestId(what))) or store.stream(StreamId(what))
    if not found:
        raise BadWish(f"no event has this position, request or stream: {what[:80]}")
    return list(found)


def _shown(settings: Settings, *, as_json: bool) -> Callable[[Recorded], str]:
    body = event_bodies(settings)
    return (lambda recorded: body(recorded).decode()) if as_json else reading.line


COMMANDS: Mapping[str, Fill] = {"audit": _audit}
