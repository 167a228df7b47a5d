"""The lists of Doorward as they stood right after the event at a position, by the read models' own
handlers and queries over an empty store in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.access_request import (
    DeprovisioningStarted,
    Provisioned,
    RequestSubmitted,
    request_stream,
)
from domain.envelope import Recorded
from domain.policy import Policy
from domain.ports import EventStore, Rows
from domain.values import AppId, PersonId, RequestId
from projections import access_requests, catalog, consents, holdings, people, policies
from projections.access_requests import ItemRow, RequestRow, items_of, request_by_id
from projections.catalog.rows import AppRow, PermissionRow, apps_by_id, permissions_by_id
from projections.consents import ConsentRow, consents_of
from projections.holdings import HeldItem, held_items, open_items
from projections.people import PersonRow, people_like
from projections.projection import Projection
from server.audit.looking_back.candidates import (
    APPS,
    ASKED_FOR,
    CONSENTS,
    HELD,
    PEOPLE,
    PERMISSIONS,
    POLICIES,
    Lives,
    candidates,
    positions,
)
from server.scratch import Scratch, scratch_tables

"""Opens an empty store in memory."""

AT_ONCE = 500
ALL = 2**31


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Whose list, of which app; None asks for all."""

    person: PersonId | None = None
    app_id: str | None = None

    def lets_through(self, app_id: str | None, *people: str | None) -> bool:
        """Say whether what is about this app and these people is asked for."""
        return (self.app_id in (None, app_id)) and (self.person is None or self.person in people)


EVERYTHING = Narrowing()


@dataclass(frozen=True, slots=True)
class Holding:
    """What somebody held: which item of which app."""

    person: PersonId
    app_id: AppId
    held: HeldItem


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request of which something was still asked for, with all its items."""

    request: RequestRow
    items: tuple[ItemRow, ...]


class Then:
    """Answers from the log up to a position. `scratch` opens an empty store in memory."""

    def __init__(self, store: EventStore, scratch: Scratch, position: int) -> None:
        self._store = store
        self._history = store.history
        self._scratch = scratch
        self._position = position

    def holdings(self, narrowing: Narrowing = EVERYTHING) -> tuple[Holding, ...]:
        """Return who held what, by person and item."""
        events = [
            one
            for one in self._latest(HELD)
            if narrowing.app_id in (None, _event(one).app_id)
            and narrowing.person in (None, getattr(one.envelope.event, "target", narrowing.person))
        ]
        given = [
            _event(one)
            for one in events
            if isinstance(one.envelope.event, Provisioned | DeprovisioningStarted)
        ]
        apps = {one.request_id: one.app_id for one in given}
        with self._applied(holdings.PROJECTION, events) as rows:
            return tuple(
                Holding(person, apps[held.request_id], held)
                for person in sorted({one.target for one in given})
                for held in held_items(rows, person)
            )

    def requests(self, narrowing: Narrowing = EVERYTHING) -> tuple[OpenRequest, ...]:
        """Return the requests that were open, the newest first."""
        wanted = self._open(self._latest(ASKED_FOR), narrowing)
        events = [
            one
            for request_id in wanted
            for one in self._store.stream(request_stream(request_id))
            if one.position <= self._position
        ]
        with self._applied(access_requests.PROJECTION, events) as rows:
            listed = [_open_request(rows, request_id) for request_id in wanted]
        return tuple(sorted(listed, key=_newest, reverse=True))

    def _open(self, asking: Sequence[Recorded], narrowing: Narrowing) -> set[RequestId]:
        """Return the requests of which something is still asked for."""
        submitted = {
            one.envelope.event.request_id: one
            for one in asking
            if isinstance(one.envelope.event, RequestSubmitted)
            and narrowing.lets_through(
                one.envelope.event.app.app_id,
                one.envelope.event.requester,
                one.envelope.event.target,
            )
        }
        events = [one for one in asking if _event(one).request_id in submitted]
        with self._applied(holdings.PROJECTION, events) as rows:
            return {
                request_id
                for target in {_event(one).target for one in submitted.values()}
                for extension in (False, True)
                for request_id in open_items(rows, target, extension=extension).values()
            }

    def consents(self, narrowing: Narrowing = EVERYTHING) -> tuple[ConsentRow, ...]:
        """Return the consents that stood, the newest first."""
        events = self._latest(CONSENTS)
        with self._applied(consents.PROJECTION, events) as rows:
            return consents_of(rows, narrowing.person, size=ALL).items

    def policies(self) -> tuple[Policy, ...]:
        """Return the policies in force, by id."""
        with self._applied(policies.PROJECTION, self._latest(POLICIES)) as rows:
            return policies.policies(rows)

    def people(self, narrowing: Narrowing = EVERYTHING) -> tuple[PersonRow, ...]:
        """Return the people who were known, by id."""
        with self._applied(people.PROJECTION, self._latest(PEOPLE)) as rows:
            wanted = {"person_id": narrowing.person} if narrowing.person else {}
            _, listed = people_like(rows, dict(wanted), 0, ALL)
            return listed

    def person_named(self, name: str) -> PersonId | None:
        """Return the person of this id, else of this user name; None if there was none."""
        with self._applied(people.PROJECTION, self._latest(PEOPLE)) as rows:
            found = people.person_called(rows, name)
            return found.person_id if found else None

    def apps(self, narrowing: Narrowing = EVERYTHING) -> tuple[AppRow, ...]:
        """Return the apps in the catalog, by id."""
        events = [
            one for one in self._latest(APPS) if narrowing.app_id in (None, _event(one).app_id)
        ]
        with self._applied(catalog.PROJECTION, events) as rows:
            found = apps_by_id(rows, [_event(one).app_id for one in events])
        return tuple(found[app_id] for app_id in sorted(found))

    def permissions(self, narrowing: Narrowing = EVERYTHING) -> tuple[PermissionRow, ...]:
        """Return the permissions in the catalog whose app was in it too, by id."""
        own = [
            one
            for one in self._latest(PERMISSIONS)
            if narrowing.app_id in (None, _event(one).record.app_id)
        ]
        with self._applied(catalog.PROJECTION, [*self._latest(APPS), *own]) as rows:
            found = permissions_by_id(rows, [_event(one).permission_id for one in own])
        return tuple(found[permission_id] for permission_id in sorted(found))

    def _latest(self, lives: Lives) -> Sequence[Recorded]:
        found = candidates(self._history, self._position, lives)
        return self._history.at(positions(found))

    @contextmanager
    def _applied(self, model: Projection, events: Sequence[Recorded]) -> Iterator[Rows]:
        """Yield the tables of a read model once these events are applied to empty ones."""
        with scratch_tables(self._scratch, model.schema) as transaction:
            for recorded in events:
                model.apply(transaction.rows, recorded)
            yield transaction.rows


def _event(recorded: Recorded) -> Any:
    """Return the event, of which the caller knows by its topic what it has."""
    return recorded.envelope.event


def _open_request(rows: Rows, request_id: RequestId) -> OpenRequest:
    found = request_by_id(rows, request_id)
    if found is None:
        msg = f"request {request_id} was submitted and is not there"
        raise AssertionError(msg)
    return OpenRequest(found, items_of(rows, (request_id,))[request_id])


def _newest(one: OpenRequest) -> tuple[datetime, str]:
    return one.request.requested_at, one.request.request_id
