"""The command line's words for looking back, see `server.audit.looking_back` and `server.audit.why`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from domain.ports import EventStore
from server.audit.looking_back.aggregates import DECIDERS, aggregate_at
from server.audit.looking_back.json_form import moment_text
from server.audit.looking_back.lists import Narrowing, Then
from server.audit.looking_back.moments import Moment, moment_at, moment_of
from server.audit.looking_back.names import Names
from server.audit.looking_back.tables import LISTINGS, Listing
from server.audit.why.dossier import dossier
from server.audit.why.telling import told
from server.bad_file import BadFile
from server.command_line.wishes import Commands
from server.config import Settings
from server.wiring import open_store_to_read
from server.wiring.scratch import open_scratch

MOMENT = "TIME|POSITION"
_MOMENT_WORDS = (
    "RFC 3339 with its offset, a date (the end of that day in UTC), or a position in the log; as of a "
    "time is right after the last event recorded at or before it"
)


class UnknownThen(BadFile):
    """What is asked for was not known at that moment; the message says so."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a list holds once it is narrowed; `unknown` is whom the narrowing names and nobody was."""

    entries: Sequence[tuple[Any, Sequence[str]]]
    unknown: str | None


def add_as_of(actions: Commands) -> None:
    """Add ``as-of`` to the actions."""
    parser = actions.add_parser("as-of", help="what was so at a past moment")
    parser.add_argument("moment", metavar=MOMENT, help=_MOMENT_WORDS)
    questions = parser.add_subparsers(required=True, metavar="WHAT")
    for name, listing in LISTINGS.items():
        asking = questions.add_parser(name, help=listing.says)
        if "person" in listing.narrowed_to:
            asking.add_argument("--person", metavar="NAME|ID", help="of this person alone")
        if "app" in listing.narrowed_to:
            asking.add_argument("--app", metavar="ID", help="of this app alone")
        asking.add_argument("--json", action="store_true", help="print them as JSON")
        asking.set_defaults(run=_list, what=name)
    one = questions.add_parser("stream", help="the state of any one aggregate, as JSON")
    one.add_argument("stream", metavar="STREAM", help=f"its stream: {', '.join(DECIDERS)} and -ID")
    one.add_argument("--json", action="store_true", help="the same in one line")
    one.set_defaults(run=_stream)


def add_why(actions: Commands) -> None:
    """Add ``why`` to the actions."""
    parser = actions.add_parser("why", help="what was decided on a request, and on what grounds")
    parser.add_argument("request", metavar="REQUEST")
    parser.add_argument("--as-of", dest="moment", metavar=MOMENT, help=_MOMENT_WORDS)
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.set_defaults(run=_why)


def _list(settings: Settings, asked: argparse.Namespace) -> int:
    listing = LISTINGS[asked.what]
    with open_store_to_read(settings) as store:
        moment = moment_of(store, asked.moment)
        found = _found(store, moment, listing, asked)
    if asked.json:
        items = [form for form, _ in found.entries]
        unknown = {"unknown_person": found.unknown} if found.unknown is not None else {}
        _print_json({"as_of": _as_of(moment), "what": asked.what, **unknown, "items": items})
        return 0
    sys.stdout.write(f"as of {_moment_words(moment)}\n")
    if found.unknown is not None:
        sys.stdout.write(f"nobody was known then as {found.unknown[:80]}\n")
    elif not found.entries:
        sys.stdout.write(f"no {asked.what}\n")
    else:
        _print_table(listing.columns, [columns for _, columns in found.entries])
    return 0


def _found(
    store: EventStore, moment: Moment, listing: Listing, asked: argparse.Namespace
) -> _Found:
    then = Then(store, open_scratch, moment.position)
    name: str | None = getattr(asked, "person", None)
    person = None if name is None else then.person_named(name)
    if name is not None and person is None:
        return _Found((), name)
    narrowing = Narrowing(person, getattr(asked, "app", None))
    entries = listing.entries(then, narrowing, Names(store, moment.position))
    return _Found(list(entries), None)


def _stream(settings: Settings, asked: argparse.Namespace) -> int:
    with open_store_to_read(settings) as store:
        moment = moment_of(store, asked.moment)
        found = aggregate_at(store, asked.stream, moment.position)
    if found is None:
        raise UnknownThen(f"as of {_moment_words(moment)} no stream is called {asked.stream[:80]}")
    _print_json({"as_of": _as_of(moment), **found}, indent=None if asked.json else 2)
    return 0


def _why(settings: Settings, asked: argparse.Namespace) -> int:
    with open_store_to_read(settings) as store:
        if asked.moment is None:
            moment = moment_at(store, store.head())
        else:
            moment = moment_of(store, asked.moment)
        found = dossier(store, asked.request, moment.position)
    if found is None:
        words = f"as of {_moment_words(moment)} no request has the id {asked.request[:80]}"
        raise UnknownThen(words)
    found = {"as_of": _as_of(moment), **found}
    if asked.json:
        _print_json(found)
    else:
        sys.stdout.write(f"as of {_moment_words(moment)}\n" + "\n".join(told(found)) + "\n")
    return 0


def _as_of(moment: Moment) -> dict[str, Any]:
    return {"position": moment.position, "recorded_at": moment_text(moment.recorded_at)}


def _moment_words(moment: Moment) -> str:
    at = moment_text(moment.recorded_at)
    return f"event {moment.position:,} ({at})" if at else "before the first event"


def _print_json(value: object, indent: int | None = None) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=indent) + "\n")


def _print_table(columns: Sequence[str], entries: Iterable[Sequence[str]]) -> None:
    """Print rows in columns as wide as they have to be, each row on one line."""
    rows = [columns, *([" ".join(cell.split()) for cell in one] for one in entries)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(columns))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")
