"""Read models as they stood at a past time: the events up to then, applied by the very projections to
an empty store in memory. Slow beside a query of the present, exact, and nothing to keep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from domain.access_request import request_stream
from domain.ports import EventStore, Rows
from domain.values import PersonId
from projections import access_requests, request_history
from projections.access_requests import Wanted, requests_of
from server.scratch import Scratch, scratch_tables

MOST_REQUESTS = 500
"""So many of a person's requests, the newest, are looked back at."""

MODELS = (access_requests.PROJECTION, request_history.PROJECTION)


class Past:
    """Looks back. `scratch` opens an empty store in memory."""

    def __init__(self, store: EventStore, scratch: Scratch) -> None:
        self._store = store
        self._scratch = scratch

    @contextmanager
    def requests_of(self, present: Rows, person: PersonId, then: datetime) -> Iterator[Rows]:
        """Yield the tables of this person's requests, and of no others, as they stood `then`;
        blocking."""
        wanted = Wanted(requested_until=then, size=MOST_REQUESTS)
        requests = requests_of(present, person, wanted).items
        schema = [statement for one in MODELS for statement in one.schema]
        with scratch_tables(self._scratch, schema) as transaction:
            for request in requests:
                for recorded in self._store.stream(request_stream(request.request_id)):
                    if recorded.envelope.recorded_at <= then:
                        for model in MODELS:
                            model.apply(transaction.rows, recorded)
            yield transaction.rows
