"""A user name is one person's, whoever gives it and however it is written; who shares one from before keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from adapters.open_store import MEMORY, open_store
from adapters.system import new_id
from domain import person as people
from domain.errors import NameTaken, Refused
from domain.person import PersonRecord, PutPerson, person_stream
from domain.values import Personal, PersonId
from projections.people import other_called, person_by_name_as_typed, person_called
from server.audit.replay import replay_decisions
from server.audit.replay.shared_names import SHARED_NAME
from server.command_bus import CommandBus, Handler
from server.handlers import HANDLERS
from server.operations import OPERATIONS
from server.people.file import BadPeople
from server.sign_in.accounts import account_as_typed
from server.wiring import INLINE, System
from tests import seeds
from tests.seeds import ALICE, BOB, CAROL, CONTEXT
from tests.web import web_of

SHOUTED = PersonId("p-shouted")
ONCE = {
    **HANDLERS,
    PutPerson: Handler(people.DECIDER, lambda _, one: (person_stream(one.person_id), None)),
}
"""Commands as they were taken before the rule."""


def called(person_id: PersonId, username: str) -> PersonRecord:
    return replace(seeds.person(person_id), username=Personal(person_id, username))


def put(system: System, person_id: PersonId, record: PersonRecord) -> None:
    system.bus.call_blocking(lambda work: work.execute(PutPerson(person_id, record), CONTEXT))


@contextmanager
def before_the_rule(system: System) -> Iterator[CommandBus]:
    bus = CommandBus(system.store, ONCE, INLINE, new_id)
    bus.start()
    yield bus
    bus.close()


@pytest.fixture
def shared(system: System) -> System:
    """Where `alice` and `ALICE` are two."""
    with before_the_rule(system) as bus:
        command = PutPerson(SHOUTED, called(SHOUTED, "ALICE"))
        bus.call_blocking(lambda work: work.execute(command, CONTEXT))
    return system


def operate(system: System, name: str, **wish: object) -> None:
    OPERATIONS[name](system, json.dumps(wish).encode(), lambda _progress: None)


def test_nobody_new_is_called_as_another_and_nobody_is_renamed_so(system: System) -> None:
    head = system.store.head()
    for name in ("alice", "ALICE", "aLiCe"):
        for who in (SHOUTED, BOB):
            with pytest.raises(NameTaken):
                put(system, who, called(who, name))
        with pytest.raises(Refused):
            operate(system, "account add", username=name)
    assert system.store.head() == head
    put(system, ALICE, called(ALICE, "Alice"))
    assert system.store.head() == head + 1, "her own name may be written otherwise"


@pytest.mark.parametrize(
    "names",
    [["ALICE"], ["dora", "Dora"], ["alice", "Alice"], ["dora", "bob", "BOB"]],
)
def test_a_file_that_names_two_alike_is_refused_before_anything_is_written(
    system: System, names: list[str]
) -> None:
    head = system.store.head()
    content = json.dumps({"people": [{"username": one} for one in names]})
    for dry_run in (True, False):
        with pytest.raises(BadPeople, match=f"{names[-1]!r}, field username: .* is taken"):
            operate(system, "people import", content=content, dry_run=dry_run)
    assert system.store.head() == head


def test_two_who_share_a_name_are_changed_otherwise_and_parted(shared: System) -> None:
    for who, name in ((ALICE, "alice"), (SHOUTED, "ALICE")):
        put(shared, who, replace(called(who, name), groups=("emea",)))
    with pytest.raises(NameTaken):
        put(shared, SHOUTED, called(SHOUTED, "Alice"))
    with pytest.raises(NameTaken):
        put(shared, CAROL, called(CAROL, "Alice"))
    put(shared, SHOUTED, called(SHOUTED, "ally"))
    put(shared, ALICE, called(ALICE, "ALICE"))


def test_what_is_exported_of_two_who_share_a_name_reads_back(shared: System) -> None:
    exported = OPERATIONS["people export"](shared, b"", lambda _progress: None)["content"]
    head = shared.store.head()
    operate(shared, "people import", content=exported)
    assert shared.store.head() == head


def test_a_name_is_found_as_it_is_typed_and_only_exactly_where_two_share_it(
    system: System,
) -> None:
    with system.store.read() as rows:
        for typed in ("alice", "ALICE", "Alice"):
            found = person_by_name_as_typed(rows, typed)
            assert found is not None
            assert found.person_id == ALICE
        for nobody in ("alic", "", "al%", "\u212aim", "\uff41lice"):
            assert person_by_name_as_typed(rows, nobody) is None
        assert (other_called(rows, "ALICE", BOB), other_called(rows, "ALICE", ALICE)) == (
            ALICE,
            None,
        )
    with before_the_rule(system) as bus:
        command = PutPerson(SHOUTED, called(SHOUTED, "ALICE"))
        bus.call_blocking(lambda work: work.execute(command, CONTEXT))
    with system.store.read() as rows:
        exact = [person_called(rows, typed) for typed in ("alice", "ALICE")]
        assert [one and one.person_id for one in exact] == [ALICE, SHOUTED]
        assert person_called(rows, "Alice") is None
        assert account_as_typed(rows, "Alice") is None


def test_replay_of_what_was_decided_before_the_rule_is_no_mismatch(shared: System) -> None:
    found = replay_decisions(
        shared.store, lambda: open_store(MEMORY), INLINE, lambda _done, _of: None
    )
    assert (found.mismatch, found.skipped) == (None, {SHARED_NAME: 1})


@pytest.mark.anyio
async def test_people_sign_in_however_they_write_their_names(system: System) -> None:
    async with web_of(system) as web:
        assert (await web.flow().sign_in(web.browser("ALICE")))["access_token"]


def test_an_account_is_found_by_its_own_name_alone_once_its_person_has_another(
    system: System,
) -> None:
    put(system, ALICE, called(ALICE, "Alina"))
    with system.store.read() as rows:
        assert account_as_typed(rows, "alice") is not None
        for other in ("alina", "Alina", "ALICE"):
            assert account_as_typed(rows, other) is None
