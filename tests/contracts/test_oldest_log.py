"""The oldest log there is still replays: in ``tests/samples/oldest`` stands a history in which every kind of event
happens, each in the first schema that it ever had, as a bundle holds it. It is never changed; a kind of event
that comes later is not in it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.open_store import open_store
from domain.chain import Link
from domain.events import EVENT_TYPES
from domain.ports import EventStore
from server import shapes
from server.audit.looking_back.aggregates import aggregate_at
from server.audit.verifying import verify
from server.wiring import FOLLOWED, INLINE, SCHEMA
from server.wiring.scratch import open_scratch

LOG = Path(__file__).parents[1] / "samples" / "oldest" / "log.jsonl"
EVENTS = 271


def quiet(_done: int, _total: int) -> None:
    """Hear progress and say nothing."""


def links() -> list[Link]:
    """Return the log as it was stored."""
    found = map(json.loads, LOG.read_text("utf-8").splitlines())
    return [
        (
            one["position"],
            one["stream"],
            one["version"],
            one["topic"],
            one["state"].encode(),
            bytes.fromhex(one["hash"]),
        )
        for one in found
    ]


@pytest.fixture
def store(durable_url: str) -> Iterator[EventStore]:
    opened = open_store(durable_url)
    opened.create(SCHEMA)
    stored = links()
    with opened.write() as transaction:
        transaction.rows.bulk.load_log(stored, stored[-1][0], stored[-1][5])
    yield opened
    opened.close()


def test_every_kind_of_event_stands_in_it_in_its_first_schema() -> None:
    schemas = defaultdict(set)
    for _, _, _, topic, state, _ in links():
        schemas[topic].add(json.loads(state)["schema"])
    assert set(schemas) <= set(EVENT_TYPES)
    assert all(found == {1} for found in schemas.values())
    lifted = {topic for topic, kind in EVENT_TYPES.items() if kind.SCHEMA > 1}
    assert lifted <= set(schemas)


def test_it_is_whole_and_every_event_is_read_as_todays(store: EventStore) -> None:
    assert verify(store, {}, quiet).broken is None
    read = store.events_after(0, EVENTS + 1)
    assert len(read) == EVENTS
    assert {type(one.envelope.event) for one in read} <= set(EVENT_TYPES.values())


def test_every_aggregate_folds(store: EventStore) -> None:
    streams = {one.envelope.stream for one in store.events_after(0, EVENTS)}
    assert all(aggregate_at(store, stream, EVENTS) is not None for stream in streams)


def test_every_read_model_is_made_of_it(store: EventStore) -> None:
    shapes.make_all(store, INLINE, FOLLOWED, open_scratch, quiet)
    with store.read() as rows:
        requests = rows.select("SELECT COUNT(*) FROM access_request")[0][0]
        assert requests == sum(link[3] == "access_request.submitted" for link in links())
        assert rows.select("SELECT COUNT(*) FROM audit_event") == [(EVENTS,)]
