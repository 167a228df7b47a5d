"""Whom an event names, and what else of it is looked for: its app and its request. People are found by the
types of an event's fields, whatever they are nested in, so that no kind of event can be left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from operator import attrgetter, itemgetter
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from domain.access_request import RequestCancelled, RequestClosed, RequestSubmitted
from domain.catalog import PermissionAdded, PermissionChanged
from domain.events import EVENT_TYPES, Event
from domain.values import Personal, PersonId

Named = Callable[[Any], Iterable[str]]
"""Returns the people in a value."""


def people_in(event: Event) -> set[str]:
    """Return the ids of all people that an event names, and of those whose words or names it holds."""
    named = _NAMED[type(event)]
    return set(named(event)) if named else set()


def app_of(event: Event) -> str | None:
    """Return the id of the app that an event is about, None where there is none."""
    nested = _APPS.get(type(event))
    found = nested(event) if nested else getattr(event, "app_id", None)
    return None if found is None else str(found)


def request_of(event: Event) -> str | None:
    """Return the id of the request that an event is about, None where there is none."""
    found = getattr(event, "request_id", None)
    return None if found is None else str(found)


def _named(hint: Any) -> Named | None:
    """Return what finds the people in values of a type, None where there can be none."""
    if hint is PersonId:
        return lambda person: (person,)
    if hint is Personal:
        return lambda text: (text.subject,)
    if get_origin(hint) in (Union, UnionType):
        return _in_any(get_args(hint))
    if get_origin(hint) is tuple:
        return _in_tuple(get_args(hint))
    return _in_fields(hint) if is_dataclass(hint) else None


def _in_any(hints: tuple[Any, ...]) -> Named | None:
    found = [named for hint in hints if (named := _named(hint)) is not None]
    if not found:
        return None
    if len(found) > 1:
        msg = f"one of several types that name people: {hints}"
        raise TypeError(msg)
    (inner,) = found
    return lambda value: () if value is None else inner(value)


def _in_tuple(hints: tuple[Any, ...]) -> Named | None:
    if hints[-1] is not Ellipsis:
        places = [(itemgetter(at), _named(hint)) for at, hint in enumerate(hints)]
        return _of_all(places)
    if hints[0] is PersonId:
        return lambda people: people
    inner = _named(hints[0])
    return inner and (lambda values: [one for value in values for one in inner(value)])


def _in_fields(kind: Any) -> Named | None:
    hints = get_type_hints(kind)
    return _of_all([(attrgetter(one.name), _named(hints[one.name])) for one in fields(kind)])


def _of_all(parts: Sequence[tuple[Callable[[Any], Any], Named | None]]) -> Named | None:
    known = [(part, named) for part, named in parts if named is not None]
    if not known:
        return None
    return lambda value: [one for part, named in known for one in named(part(value))]


_NAMED: Mapping[type, Named | None] = {kind: _named(kind) for kind in EVENT_TYPES.values()}
_APPS: Mapping[type, Callable[[Any], str]] = {
    RequestSubmitted: lambda event: event.app.app_id,
    RequestCancelled: lambda event: event.snapshot.app.app_id,
    RequestClosed: lambda event: event.submission.app.app_id,
    PermissionAdded: lambda event: event.record.app_id,
    PermissionChanged: lambda event: event.record.app_id,
}
