"""What the forms of the timeline ask for, read from the address of a page. Anybody may write anything there: what
cannot be meant is told in a sentence, and nothing is looked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlencode

from domain.access_request import request_stream
from domain.events import EVENT_TYPES
from domain.ports import EventStore, Rows
from domain.review import review_stream
from domain.values import RequestId
from projections.audit_trail.figures import Narrowed
from projections.audit_trail.searching import Wanted, knows_client
from projections.people import PersonRow, person_by_id, person_by_username
from server.request_bodies import storable

TEXTS = ("actor", "client", "about", "app", "type", "request")
FIELDS = (*TEXTS, "from", "until")
LONGEST = 200
MOST_OF_REQUEST = 500
LAST_POSITION = 2**62
KINDS = frozenset(topic.partition(".")[0] for topic in EVENT_TYPES)
_POSITION = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form says as it was filled in, which time it means, and what is wrong with it."""

    given: Mapping[str, str]
    since: datetime | None = None
    until: datetime | None = None
    faults: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        """Return a field; empty where it was left out."""
        return self.given.get(name, "")

    @property
    def filled(self) -> dict[str, str]:
        """The fields that say something."""
        return {name: self.text(name) for name in FIELDS if self.text(name)}

    def url(self, path: str, **more: object) -> str:
        """Return where another page of the same question is."""
        query = {**self.filled, **{name: value for name, value in more.items() if value}}
        return f"{path}?{urlencode(query)}" if query else path

    @property
    def narrowed(self) -> Narrowed:
        """What of it narrows the pictures."""
        return Narrowed(self.text("app") or None, self.since, self.until)


@dataclass(frozen=True, slots=True)
class Meant:
    """What was meant: which events, and what of it nothing is known of."""

    wanted: Wanted
    faults: tuple[str, ...] = field(default=())


def asked_of(query: Mapping[str, str]) -> Asked:
    """Return what a page's address asks for."""
    given, faults = {}, []
    for name in FIELDS:
        text = storable(query.get(name, "")).strip()
        if len(text) > LONGEST:
            faults.append(f"What stands under “{name}” is too long.")
            text = text[:LONGEST]
        given[name] = text
    kind = given["type"]
    if kind and kind not in EVENT_TYPES and kind not in KINDS:
        faults.append(f"There is no type of event called “{kind}”.")
    since, until = parse_moment(given["from"]), parse_moment(given["until"], end=True)
    for name, moment in (("from", since), ("until", until)):
        if given[name] and moment is None:
            faults.append(
                f"“{given[name]}” is no date or time: write 2027-01-31 or 2027-01-31T09:00."
            )
    return Asked(given, since, until, tuple(faults))


def meant_by(asked: Asked, store: EventStore, rows: Rows) -> Meant:
    """Return which events are meant. Blocking."""
    wanted = Wanted(app_id=asked.text("app") or None, since=asked.since, until=asked.until)
    wanted = replace(wanted, topics=_topics(asked.text("type")))
    faults = list(asked.faults)
    if name := asked.text("actor"):
        person = person_named(rows, name)
        if person:
            wanted = replace(wanted, actor=person.person_id)
        else:
            wanted = replace(wanted, service=name)
    if name := asked.text("client"):
        if knows_client(rows, name):
            wanted = replace(wanted, client_id=name)
        else:
            wanted = replace(wanted, client_name=name)
    if name := asked.text("about"):
        person = person_named(rows, name)
        if person is None:
            faults.append(f"Nobody is known as “{name}”.")
        wanted = replace(wanted, person=person.person_id if person else name)
    if name := asked.text("request"):
        wanted = replace(wanted, positions=_positions(store, name))
    return Meant(wanted, tuple(faults))


def person_named(rows: Rows, name: str) -> PersonRow | None:
    """Return the person of this user name, else of this id."""
    return person_by_username(rows, name) or person_by_id(rows, name)


def position_of(text: str) -> int | None:
    """Return the position in the log that a text names; None where it names none."""
    return int(text) if _POSITION.fullmatch(text) else None


def parse_moment(text: str, *, end: bool = False) -> datetime | None:
    """Return the moment that a date or a time means, in UTC where it names no offset; a date is its first
    moment, or the first one after it. None where it means none."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC)
        whole_day = len(text) == len("2027-01-31") and moment.time() == time.min
        return moment + timedelta(days=1) if end and whole_day else moment
    except (ValueError, OverflowError):
        return None


def _topics(kind: str) -> tuple[str, ...]:
    if kind in KINDS:
        return tuple(topic for topic in EVENT_TYPES if topic.startswith(f"{kind}."))
    return (kind,) if kind in EVENT_TYPES else ()


def _positions(store: EventStore, request_id: str) -> tuple[int, ...]:
    """Return where a request's own events stand, and those of its review: the newest, so many at most."""
    streams = (request_stream(RequestId(request_id)), review_stream(RequestId(request_id)))
    found = sorted(one.position for stream in streams for one in store.stream(stream))
    return tuple(found[-MOST_OF_REQUEST:])
