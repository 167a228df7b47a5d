"""What commands look up is remembered, and never longer than it is true: not after an event of this process, not
after one of another, and not after one that was undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest

from adapters.open_store import open_store
from adapters.system import new_id
from domain import person, policy
from domain.errors import TooManyOpen
from domain.person import PutPerson, Role
from domain.policy import DEFAULT, PublishPolicy
from domain.values import PersonId
from projections.memberships import holders_of
from projections.policies import policy_for
from server import lookups
from server.aggregate_states import Recent
from server.command_bus import CommandBus, UnitOfWork
from server.handlers import HANDLERS
from server.wiring import INLINE, SCHEMA
from tests import seeds
from tests.seeds import CAROL, CONTEXT, READER, WRITER, submission

POLICIES, PEOPLE = policy.DECIDER.category, person.DECIDER.category


@pytest.fixture(autouse=True)
def _seeded(bus: CommandBus) -> None:
    seeds.seed(bus)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was looked up in the tables."""
    found: list[object] = []
    find = lookups.Lookups.find

    def heard(
        self: lookups.Lookups, category: str, key: object, look: Callable[[], object]
    ) -> object:
        def really() -> object:
            found.append(key)
            return look()

        return find(self, category, key, really)

    monkeypatch.setattr(lookups.Lookups, "find", heard)
    return found


def most_open(work: UnitOfWork) -> int:
    return work.recall(POLICIES, policy_for).maximum_open


def limit(work: UnitOfWork, most: int) -> None:
    work.execute(PublishPolicy(replace(DEFAULT, maximum_open=most)), CONTEXT)


def test_the_same_is_looked_up_once(bus: CommandBus, asked: list[object]) -> None:
    for number, permission in enumerate((READER, WRITER)):
        command = submission(f"r-{number}", permission_ids=(permission,))
        bus.call_blocking(partial(UnitOfWork.execute, command=command, context=CONTEXT))
        if number == 0:
            asked.clear()
    kept = [one for one in asked if "conflicts_of" not in str(one)]
    assert kept == [], "only the conflicts of another permission are new"


def test_a_command_rests_on_what_the_one_before_it_changed(bus: CommandBus) -> None:
    bus.call_blocking(lambda work: work.execute(submission("r-1"), CONTEXT))
    bus.call_blocking(lambda work: limit(work, 1))
    with pytest.raises(TooManyOpen):
        bus.call_blocking(
            lambda work: work.execute(submission("r-2", permission_ids=(WRITER,)), CONTEXT)
        )


def test_what_was_undone_is_not_remembered(bus: CommandBus) -> None:
    before = bus.call_blocking(most_open)

    def change_and_fail(work: UnitOfWork) -> None:
        limit(work, 1)
        assert most_open(work) == 1, "inside the job it is so"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bus.call_blocking(change_and_fail)
    assert bus.call_blocking(most_open) == before


def test_rows_that_a_rebuild_mended_are_looked_up_anew(bus: CommandBus) -> None:
    before = bus.call_blocking(lambda work: work.recall(PEOPLE, holders_of, Role.AUDITOR))

    def mend(work: UnitOfWork) -> None:
        work.rows.execute("DELETE FROM membership WHERE kind = 'role'")
        work.forget_lookups()

    assert before == (seeds.ROBOT,)
    bus.call_blocking(mend)
    assert bus.call_blocking(lambda work: work.recall(PEOPLE, holders_of, Role.AUDITOR)) == ()


def test_nothing_is_remembered_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process may have mended rows; nobody says so."""
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    memory, answers = lookups.Lookups(), iter("ab")
    assert memory.find("policy", 1, lambda: next(answers)) == "a"
    memory.begin()
    assert memory.find("policy", 1, lambda: next(answers)) == "a"
    now = lookups.SECONDS + 1
    memory.begin()
    assert memory.find("policy", 1, lambda: next(answers)) == "b"


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "MOST", 3)
    memory = lookups.Lookups()
    for number in range(4):
        assert memory.find("policy", number, partial(str, number)) == str(number)
    assert memory.find("policy", 3, lambda: "not looked up") == "3"
    assert memory.find("policy", 0, lambda: "looked up") == "looked up"


@pytest.fixture
def two(postgres_url: str) -> Iterator[tuple[CommandBus, CommandBus]]:
    stores = [open_store(postgres_url) for _ in range(2)]
    stores[0].create(SCHEMA)
    buses = [CommandBus(store, HANDLERS, INLINE, new_id) for store in stores]
    for one in buses:
        one.start()
    seeds.seed(buses[0])
    yield buses[0], buses[1]
    for bus, store in zip(buses, stores, strict=True):
        bus.close()
        store.close()


def test_what_another_process_changed_is_known_to_the_next_command(
    two: tuple[CommandBus, CommandBus],
) -> None:
    here, there = two
    assert here.call_blocking(most_open) == DEFAULT.maximum_open
    there.call_blocking(lambda work: limit(work, 2))
    assert here.call_blocking(most_open) == 2

    def auditors(work: UnitOfWork) -> tuple[PersonId, ...]:
        return work.recall(PEOPLE, holders_of, Role.AUDITOR)

    assert here.call_blocking(auditors) == (seeds.ROBOT,)
    record = seeds.person(CAROL, roles=(Role.AUDITOR,))
    there.call_blocking(lambda work: work.execute(PutPerson(CAROL, record), CONTEXT))
    assert here.call_blocking(auditors) == (CAROL, seeds.ROBOT)


def test_states_in_use_outlive_those_that_nobody_uses() -> None:
    recent = Recent(most=100)
    hot = seeds.ALICE
    recent.update({hot: (1, "hot")})  # type: ignore[dict-item]  # any text names a stream
    for number in range(1_000):
        recent.update({f"request-{number}": (1, number)})  # type: ignore[dict-item]  # the same
        assert recent.get(hot) == (1, "hot")  # type: ignore[arg-type]  # the same
        assert len(recent) <= 100
    assert recent.get("request-1") is None  # type: ignore[arg-type]  # the same
    recent.update({hot: (2, "hotter")})  # type: ignore[dict-item]  # the same
    assert recent.get(hot) == (2, "hotter")  # type: ignore[arg-type]  # the same
    recent.pop(hot)  # type: ignore[arg-type]  # the same
    assert recent.get(hot) is None  # type: ignore[arg-type]  # the same
