"""What every store promises to whoever looks back, on memory, SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.open_store import open_store
from domain.catalog import AppRetired
from domain.history import Placed
from domain.ports import EventStore
from domain.values import AppId, StreamId
from tests.contracts.test_event_store import append, envelope
from tests.times import NOW

ADDED, RETIRED = "app.added", "app.retired"


@pytest.fixture
def store(database_url: str) -> Iterator[EventStore]:
    opened = open_store(database_url)
    opened.create([])
    yield opened
    opened.close()


def retire(store: EventStore, name: str, version: int) -> None:
    append(store, replace(envelope(name, version), event=AppRetired(AppId(name))))


def test_it_is_known_when_each_event_was_recorded_without_decoding_it(store: EventStore) -> None:
    later = NOW + timedelta(microseconds=1)
    append(store, envelope("a", 1), replace(envelope("a", 2), recorded_at=later))
    assert list(store.history.moments(0, 10)) == [(1, NOW), (2, later)]
    assert list(store.history.moments(1, 10)) == [(2, later)]
    assert list(store.history.moments(0, 1)) == [(1, NOW)]
    assert list(store.history.moments(2, 10)) == []


def test_events_are_found_by_topic_up_to_a_position_in_pieces(store: EventStore) -> None:
    append(store, envelope("a", 1), envelope("b", 1))
    retire(store, "a", 2)
    append(store, envelope("c", 1))
    history = store.history
    a, b, c = (StreamId(f"app-{name}") for name in "abc")
    assert list(history.placed(0, 4, (ADDED,), 10)) == [
        Placed(1, a, ADDED), Placed(2, b, ADDED), Placed(4, c, ADDED),
    ]  # fmt: skip
    assert list(history.placed(0, 3, (ADDED, RETIRED), 10)) == [
        Placed(1, a, ADDED), Placed(2, b, ADDED), Placed(3, a, RETIRED),
    ]  # fmt: skip
    assert list(history.placed(1, 4, (ADDED,), 1)) == [Placed(2, b, ADDED)]
    assert list(history.placed(0, 0, (ADDED,), 10)) == []
    assert list(history.placed(0, 4, (), 10)) == []
    assert list(history.placed(0, 4, ("app.never",), 10)) == []


def test_events_are_read_at_their_positions_in_the_order_of_the_log(store: EventStore) -> None:
    append(store, *(envelope("a", version) for version in range(1, 1_202)))
    wanted = [1_201, 7, 3, 3, *range(100, 800), 9_999]
    found = store.history.at(wanted)
    assert [one.position for one in found] == [3, 7, *range(100, 800), 1_201]
    assert found[0] == store.events_after(2, 1)[0]
    assert list(store.history.at(())) == []
