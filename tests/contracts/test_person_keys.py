"""Text about people is sealed by a key of each, on SQLite and PostgreSQL alike; a key that is destroyed
takes with it whatever it sealed, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from adapters.key_file import KeyFile
from adapters.open_store import open_store
from domain.envelope import Envelope
from domain.person import PersonChanged, PersonRegistered, person_stream
from domain.ports import EventStore, Unavailable
from domain.values import REDACTED, Actor, PersonId, Via
from server.audit.verifying import verify
from tests import seeds
from tests.times import NOW

ALICE, BOB = PersonId("p-alice"), PersonId("p-bob")
_ids = count(1)


@pytest.fixture
def master(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "personal.keys", lambda: NOW)


@pytest.fixture
def store(durable_url: str, master: KeyFile) -> Iterator[EventStore]:
    opened = open_store(durable_url, master)
    opened.create([])
    yield opened
    opened.close()


def known(person: PersonId, version: int = 1) -> Envelope:
    kind = PersonRegistered if version == 1 else PersonChanged
    event = kind(person, seeds.person(person))
    stream = person_stream(person)
    return Envelope(f"id-{next(_ids)}", stream, version, NOW, Actor(Via.CLI), "c", None, event)


def append(store: EventStore, *envelopes: Envelope) -> None:
    with store.write() as transaction:
        transaction.append(list(envelopes))


def names(store: EventStore) -> list[str]:
    """Return the user name in each event."""
    found = []
    for one in store.events_after(0, 100):
        assert isinstance(one.envelope.event, PersonRegistered | PersonChanged)
        found.append(one.envelope.event.record.username.text)
    return found


def stored_bytes(store: EventStore) -> bytes:
    return b"".join(state for _, _, _, _, state, _ in store.links_after(0, 100))


def test_what_is_stored_does_not_tell_what_is_read(store: EventStore) -> None:
    append(store, known(ALICE))
    assert names(store) == ["alice"]
    assert b"alice@example.com" not in stored_bytes(store)
    with store.write() as transaction:
        ((loaded),) = transaction.load(person_stream(ALICE))
    assert loaded.envelope.event == known(ALICE).event


def test_the_same_text_is_never_sealed_the_same_way_twice(store: EventStore) -> None:
    append(store, known(ALICE), known(ALICE, 2))
    first, second = (one.envelope.event for one in store.events_after(0, 2))
    assert isinstance(first, PersonRegistered)
    assert isinstance(second, PersonChanged)
    assert first.record.email == second.record.email
    assert first.record.email.sealed != second.record.email.sealed


def test_whoever_is_forgotten_reads_as_redacted_and_the_log_stays_whole(store: EventStore) -> None:
    append(store, known(ALICE), known(BOB))
    before = stored_bytes(store)
    with store.write() as transaction:
        transaction.forget(ALICE)
    assert names(store) == [REDACTED, "bob"]
    assert stored_bytes(store) == before
    assert verify(store, {}, lambda *_: None).broken is None


def test_what_is_said_of_a_forgotten_person_afterwards_is_not_kept(store: EventStore) -> None:
    append(store, known(ALICE))
    with store.write() as transaction:
        transaction.forget(ALICE)
        (told,) = transaction.append([known(ALICE, 2)])
    assert isinstance(told.envelope.event, PersonChanged)
    assert told.envelope.event.record.email.text == REDACTED
    assert names(store) == [REDACTED, REDACTED]


def test_another_process_sees_that_somebody_was_forgotten(
    store: EventStore, durable_url: str, master: KeyFile
) -> None:
    append(store, known(ALICE))
    other = open_store(durable_url, master)
    assert names(other) == ["alice"]
    with store.write() as transaction:
        transaction.forget(ALICE)
    assert names(other) == [REDACTED]
    append(other, known(ALICE, 2))
    assert names(store) == [REDACTED, REDACTED]
    other.close()


class Undone(Exception):  # noqa: N818 - says what happened
    """Rolls a transaction back."""


def test_a_key_that_was_rolled_back_seals_nothing(
    store: EventStore, durable_url: str, master: KeyFile
) -> None:
    with pytest.raises(Undone), store.write() as transaction:
        transaction.append([known(ALICE)])
        raise Undone
    with store.write() as transaction:
        with pytest.raises(Undone), transaction.savepoint():
            transaction.append([known(ALICE)])
            raise Undone
        transaction.append([known(ALICE)])
    fresh = open_store(durable_url, master)
    assert names(fresh) == ["alice"]
    fresh.close()


def test_whom_a_rolled_back_transaction_forgot_is_still_known(store: EventStore) -> None:
    append(store, known(ALICE))
    with pytest.raises(Undone), store.write() as transaction:
        transaction.forget(ALICE)
        raise Undone
    append(store, known(ALICE, 2))
    assert names(store) == ["alice", "alice"]


def test_keys_of_a_transaction_are_read_inside_it(store: EventStore) -> None:
    with store.write() as transaction:
        transaction.append([known(ALICE)])
        (read,) = transaction.events_after(0, 10)
        assert isinstance(read.envelope.event, PersonRegistered)
        assert read.envelope.event.record.username.text == "alice"


def test_a_new_master_key_takes_the_place_of_the_former(
    store: EventStore, durable_url: str, master: KeyFile
) -> None:
    append(store, known(ALICE), known(BOB))
    former = master.ring()[0].key_id
    master.rotate()
    with store.write() as transaction:
        assert transaction.rewrap_keys() == 2
    assert master.drop(former)
    fresh = open_store(durable_url, master)
    assert names(fresh) == ["alice", "bob"]
    fresh.close()


def test_without_the_master_key_text_reads_as_redacted_and_with_another_not_at_all(
    store: EventStore, durable_url: str, tmp_path: Path
) -> None:
    append(store, known(ALICE))
    keyless = open_store(durable_url)
    assert names(keyless) == [REDACTED]
    keyless.close()
    stranger = open_store(durable_url, KeyFile(tmp_path / "others.keys", lambda: NOW))
    with pytest.raises(Unavailable, match=r"personal\.keys lacks the key"):
        names(stranger)
    stranger.close()


def test_sealed_text_is_opened_for_its_person_alone(store: EventStore) -> None:
    append(store, known(ALICE), known(BOB))
    event = store.events_after(0, 1)[0].envelope.event
    assert isinstance(event, PersonRegistered)
    sealed = event.record.email.sealed
    assert sealed is not None
    assert store.open_text(ALICE, sealed) == "alice@example.com"
    for person, text in ((BOB, sealed), (ALICE, "no base64!"), (ALICE, sealed[:-8]), (ALICE, "é")):
        with pytest.raises(ValueError, match="seal"):
            store.open_text(person, text)
    assert store.open_text(PersonId("p-nobody"), sealed) is None
    with store.write() as transaction:
        transaction.forget(ALICE)
    assert store.open_text(ALICE, sealed) is None


def test_a_key_whose_transaction_was_undone_opens_nothing(
    store: EventStore, durable_url: str, master: KeyFile
) -> None:
    def failing() -> None:
        with store.write() as transaction:
            transaction.append([known(ALICE)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    other = open_store(durable_url, master)
    append(other, known(ALICE))
    other.close()
    assert names(store) == ["alice"]


def test_nobody_is_forgotten_by_a_transaction_that_was_undone(store: EventStore) -> None:
    append(store, known(ALICE))

    def failing() -> None:
        with store.write() as transaction:
            transaction.forget(ALICE)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert names(store) == ["alice"]


@pytest.mark.parametrize("wrapped", ["", "!", "AAAA"])
def test_a_key_that_was_changed_is_named(
    store: EventStore, durable_url: str, master: KeyFile, wrapped: str
) -> None:
    append(store, known(ALICE))
    with store.write() as transaction:
        transaction.rows.execute("UPDATE person_key SET wrapped = ?", (wrapped,))
    fresh = open_store(durable_url, master)
    with pytest.raises(Unavailable, match="the key of p-alice is not what was stored"):
        names(fresh)
    fresh.close()
