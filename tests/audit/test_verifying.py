"""Whatever the owner of the database does to the log, `verify` finds it and names the first bad event."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.open_store import open_store
from domain.chain import GENESIS, ChainCheck, Link, linked
from domain.ports import EventStore, Unavailable
from server.audit.verifying import BadHead, Verified, parse_heads, verify
from tests.contracts.test_event_store import append, envelope

EVENTS = 12


def quiet(_done: int, _total: int) -> None:
    """Hear progress and say nothing."""


def filled(url: str) -> EventStore:
    store = open_store(url)
    store.create([])
    for at in range(EVENTS):
        append(store, envelope("abc"[at % 3], at // 3 + 1))
    return store


@pytest.fixture
def store(durable_url: str) -> Iterator[EventStore]:
    opened = filled(durable_url)
    yield opened
    opened.close()


@pytest.fixture
def owner(durable_url: str) -> Callable[[str], None]:
    """Runs SQL as the owner of the database does, past its triggers."""

    def run(sql: str) -> None:
        if durable_url.startswith("sqlite"):
            with sqlite3.connect(durable_url.removeprefix("sqlite:///")) as connection:
                for verb in ("update", "delete"):
                    connection.execute(f"DROP TRIGGER IF EXISTS event_log_no_{verb}")
                connection.execute(sql)
            return
        with psycopg.connect(durable_url) as connection:
            connection.execute("ALTER TABLE event_log DISABLE TRIGGER ALL")
            connection.execute(sql.encode())

    return run


def test_a_log_that_nobody_changed_is_whole_and_its_head_is_known_again(
    store: EventStore,
) -> None:
    heard: list[tuple[int, int]] = []
    found = verify(store, {}, lambda *p: heard.append(p))
    assert (found.position, found.broken) == (EVENTS, None)
    assert heard[-1] == (EVENTS, EVENTS)
    append(store, envelope("d", 1))
    later = verify(store, parse_heads([found.head]), quiet)
    assert (later.position, later.broken) == (EVENTS + 1, None)


def test_an_empty_log_is_whole(durable_url: str) -> None:
    store = open_store(durable_url)
    store.create([])
    assert verify(store, {}, quiet) == Verified(0, GENESIS, None)
    store.close()


@pytest.mark.parametrize(
    ("sql", "position"),
    [
        ("UPDATE event_log SET topic = 'app.changed' WHERE position = 5", 5),
        ("UPDATE event_log SET originator_id = 'app-z' WHERE position = 7", 7),
        ("UPDATE event_log SET originator_version = 9 WHERE position = 4", 4),
        ("UPDATE event_log SET hash = (SELECT hash FROM event_log WHERE position = 2) "
         "WHERE position = 6", 6),
        ("DELETE FROM event_log WHERE position = 3", 3),
        ("DELETE FROM event_log WHERE position = 12", 12),
        ("DELETE FROM event_log", 1),
        ("UPDATE log_head SET position = 11 WHERE one = 1", 12),
        ("INSERT INTO event_log SELECT 13, 'app-x', 1, topic, state, hash FROM event_log "
         "WHERE position = 12", 13),
        ("UPDATE event_log SET position = position + 100 WHERE position > 8", 9),
    ],
)  # fmt: skip
def test_what_the_owner_of_the_database_changes_is_found(
    store: EventStore, owner: Callable[[str], None], sql: str, position: int
) -> None:
    owner(sql)
    found = verify(store, {}, quiet)
    assert found.broken is not None
    assert found.broken.position == position


def test_how_far_a_broken_log_was_good_is_told(
    store: EventStore, owner: Callable[[str], None]
) -> None:
    whole = {one.position: one.envelope for one in store.events_after(0, EVENTS)}
    digests = {link[0]: link[-1] for link in store.links_after(0, EVENTS)}
    owner("UPDATE event_log SET topic = 'no.such' WHERE position = 10")
    found = verify(store, {}, quiet)
    assert found.broken is not None
    assert (found.broken.position, len(whole)) == (10, EVENTS)
    assert (found.position, found.hash) == (9, digests[9])


def test_a_history_that_is_computed_anew_is_whole_in_itself_and_not_the_one_that_was_noted(
    store: EventStore, owner: Callable[[str], None]
) -> None:
    noted = verify(store, {}, quiet)
    owner("DELETE FROM event_log WHERE position > 10")
    digest = ChainCheck()
    digest.follow(store.links_after(0, 100))
    literal = f"x'{digest.hash.hex()}'"
    if "postgres" in type(store).__name__.lower():
        literal = f"decode('{digest.hash.hex()}', 'hex')"
    owner(f"UPDATE log_head SET position = 10, hash = {literal}")
    assert verify(store, {}, quiet).broken is None
    found = verify(store, parse_heads([noted.head]), quiet)
    assert found.broken is not None
    assert (found.broken.position, found.broken.why) == (
        EVENTS,
        "it is known from elsewhere, and not there",
    )


def chain_of(events: list[tuple[str, int, str, bytes]]) -> list[Link]:
    links: list[Link] = []
    previous = GENESIS
    for at, (stream, version, topic, state) in enumerate(events, start=1):
        previous = linked(previous, at, stream, version, topic, state)
        links.append((at, stream, version, topic, state, previous))
    return links


EVENT = st.tuples(
    st.sampled_from(["a-1", "b-1"]), st.integers(1, 9), st.just("t"), st.binary(max_size=8)
)


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(st.lists(EVENT, min_size=2, max_size=10), st.data())
def test_any_change_of_a_byte_a_removal_an_exchange_or_an_insertion_is_found(
    events: list[tuple[str, int, str, bytes]], data: st.DataObject
) -> None:
    """The owner may even compute the chain anew behind his change: the noted head tells."""
    links = chain_of(events)
    head = (links[-1][0], links[-1][5])
    at = data.draw(st.integers(0, len(events) - 1))
    stream, version, topic, state = events[at]
    other = data.draw(EVENT)
    changed = data.draw(
        st.sampled_from(
            [
                [*events[:at], *events[at + 1 :]],
                [*events[:at], other, *events[at:]],
                [*events[:at], (stream, version, topic, state + b"\0"), *events[at + 1 :]],
                [*events[:at], (stream, version + 1, topic, state), *events[at + 1 :]],
                [events[-1], *events[1:-1], events[0]],
            ]
        )
    )
    if changed[: len(events)] == events:
        # What comes behind the noted head is an append like any other.
        return
    check = ChainCheck(dict([head]))
    anew = chain_of(changed)
    broken = check.follow(anew) or check.end(len(anew), anew[-1][5] if anew else GENESIS)
    assert broken is not None


@pytest.mark.parametrize("text", ["", "5", "0:" + "a" * 64, "5:" + "A" * 64, "5:abc", "x" * 500])
def test_a_head_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadHead, match="it is POSITION:HASH"):
        parse_heads([text])


def test_what_is_no_event_at_all_is_found(tmp_path: Path) -> None:
    file = tmp_path / "doorward.db"
    store = filled(f"sqlite:///{file}")
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TRIGGER event_log_no_update")
        connection.execute("UPDATE event_log SET state = 'text' WHERE position = 2")
    found = verify(store, {}, quiet)
    assert found.broken is not None
    assert found.broken.position == 2
    store.close()


def test_heads_that_disagree_are_refused_whichever_comes_last() -> None:
    with pytest.raises(BadHead, match="disagree on position 5"):
        parse_heads(["5:" + "a" * 64, "5:" + "b" * 64])


def test_a_log_that_does_not_say_where_it_ends_is_told(
    store: EventStore, owner: Callable[[str], None]
) -> None:
    owner("DELETE FROM log_head")
    with pytest.raises(Unavailable, match="does not say where it ends"):
        verify(store, {}, quiet)
