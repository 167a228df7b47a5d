"""The read model behind the timeline: what it finds, within which bounds, and that a rebuild gives the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio
import pytest

from adapters import event_codec
from adapters.open_store import MEMORY, open_store
from domain.envelope import Recorded
from domain.events import EVENT_TYPES
from domain.ports import EventStore
from domain.values import PersonId, StreamId
from projections import audit_trail
from projections.audit_trail import searching
from projections.audit_trail.figures import Narrowed, decisions, requests_by_day
from projections.audit_trail.named import app_of, people_in
from projections.audit_trail.searching import Stretch, Wanted
from server.audit.looking_back import moments
from server.audit.reading import Sought, is_sought
from server.audit_pages.telling import SENTENCES, Telling
from server.inbox import telling
from server.operations import OPERATIONS
from server.wiring import SCHEMA, event_app
from tests.audit.eventful import Eventful
from tests.audit_pages.scene import Scene
from tests.conftest import table_rows

SAMPLES = [
    Path(__file__).parents[1] / f"samples/{topic}.{kind.SCHEMA}.json"
    for topic, kind in EVENT_TYPES.items()
]
TABLES = audit_trail.PROJECTION.tables
HEAD = 2**62
once = pytest.mark.parametrize("database_url", [MEMORY])


def sample(position: int, file: Path) -> Recorded:
    topic, _ = file.stem.rsplit(".", 1)
    stored = file.read_bytes().strip()
    return Recorded(position, event_codec.decode(topic, StreamId("s-1"), 1, stored))


def followed(store: EventStore, events: list[Recorded]) -> None:
    store.create(audit_trail.PROJECTION.schema)
    with store.write() as transaction:
        for one in events:
            audit_trail.PROJECTION.apply(transaction.rows, one)


def test_every_kind_of_event_has_a_sentence() -> None:
    elsewhere = {*telling.SENTENCES, "access_request.decision_taken"}
    assert set(EVENT_TYPES) == {*SENTENCES, *elsewhere}
    assert not set(SENTENCES) & elsewhere


@once
def test_every_sample_is_told_and_filed(store: EventStore) -> None:
    recorded = [sample(place, file) for place, file in enumerate(SAMPLES, 1)]
    followed(store, recorded)
    with store.read() as rows:
        telling = Telling(rows)
        for one in recorded:
            line = telling.line(one).sentence
            assert line
            assert "{" not in line
            assert (app_of(one.envelope.event) or "") == event_app(one.envelope.event)
        found = searching.before(rows, Wanted(), HEAD, len(SAMPLES)).positions
    assert found == tuple(range(len(SAMPLES), 0, -1))


@pytest.fixture(scope="module")
def history() -> list[Recorded]:
    """Some weeks in which much happened."""
    store = open_store(MEMORY)
    store.create(SCHEMA)
    Eventful(store, 7).happen(250, lambda: None)
    return list(store.events_after(0, 10_000))


def test_whom_an_event_names_is_found_by_his_id(history: list[Recorded]) -> None:
    """Everybody whose id stands in an event as a text of its own, as the command line looks for it."""
    events = history
    everybody = {person for one in events for person in people_in(one.envelope.event)}
    assert len(everybody) > 8
    for one in events:
        named = people_in(one.envelope.event)
        for person in everybody - named:
            assert not is_sought(one, Sought(about=person), event_app), one


@once
@pytest.mark.parametrize("most", [20_000, 40])
def test_a_search_finds_what_going_through_the_log_finds(
    store: EventStore, history: list[Recorded], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whatever steps: each answer says how far it has looked."""
    monkeypatch.setattr(searching, "MOST_LOOKED_AT", most)
    followed(store, history)
    events = history
    middle = events[len(events) // 2].envelope.recorded_at
    topics = ("access_request.submitted", "access_request.closed", "consent.given")
    person = PersonId("p-bob")
    for wanted, holds in (
        (Wanted(), lambda _: True),
        (Wanted(person=person), lambda one: person in people_in(one.envelope.event)),
        (Wanted(app_id="crm"), lambda one: app_of(one.envelope.event) == "crm"),
        (Wanted(topics=topics), lambda one: one.envelope.event.TOPIC in topics),
        (
            Wanted(topics=topics, since=middle),
            lambda one: one.envelope.event.TOPIC in topics and one.envelope.recorded_at >= middle,
        ),
        (
            Wanted(person=person, topics=topics, until=middle),
            lambda one: (
                person in people_in(one.envelope.event)
                and one.envelope.event.TOPIC in topics
                and one.envelope.recorded_at < middle
            ),
        ),
        (
            Wanted(positions=(3, 5, 9, 200), app_id="crm"),
            lambda one: one.position in (3, 5, 9, 200) and app_of(one.envelope.event) == "crm",
        ),
    ):
        expected = [one.position for one in events if holds(one)]
        assert gone_through(store, wanted, searching.after, 0) == expected
        assert gone_through(store, wanted, searching.before, HEAD) == expected[::-1]


def gone_through(
    store: EventStore, wanted: Wanted, search: Callable[..., Stretch], begin: int
) -> list[int]:
    found, position = list[int](), begin
    with store.read() as rows:
        for _ in range(1_000):
            stretch = search(rows, wanted, position, 7)
            found += stretch.positions
            if stretch.goes_on is None:
                return found
            assert stretch.goes_on != position
            position = stretch.goes_on
    raise AssertionError("a search goes in circles")


@pytest.mark.anyio
async def test_following_gives_what_a_rebuild_gives(scene: Scene) -> None:
    await scene.weeks(5)
    await scene.followed()
    system = scene.web.system
    before = table_rows(system.store, TABLES)
    rebuilt = partial(OPERATIONS["rebuild"], system, b'["audit_trail"]', lambda _told: None)
    done = await anyio.to_thread.run_sync(rebuilt)
    assert done["rows_mended"] == {}
    assert table_rows(system.store, TABLES) == before
    assert len(before["audit_event"]) == system.store.head()


def test_figures_count_each_request_once_and_time_only_what_people_decided(
    store: EventStore, history: list[Recorded]
) -> None:
    events = history
    followed(store, events)
    topics = [one.envelope.event.TOPIC for one in events]
    with store.read() as rows:
        counted = requests_by_day(rows, Narrowed())
        of_app = requests_by_day(rows, Narrowed("crm"))
        timed = decisions(rows, Narrowed("crm"))
        assert requests_by_day(rows, Narrowed("wiki")) == ()
    assert sum(one.requests for one in counted) == topics.count("access_request.submitted")
    assert counted == of_app
    assert 0 < len(timed) <= topics.count("access_request.submitted")
    assert all(one.seconds >= 0 for one in timed)


def test_the_delay_that_is_allowed_for_is_that_of_looking_back() -> None:
    assert searching.MOST_DELAYED == moments.MOST_DELAYED
