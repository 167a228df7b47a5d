"""Who holds a duty: one process at a time, and another as soon as that one is lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

import pytest

from adapters.duty_table import SCHEMA
from adapters.open_store import open_store
from adapters.postgres_session import PostgresSession
from adapters.system import utc_now
from domain.duties import Duties, Duty, EveryDuty, TenureOver
from domain.ports import EventStore
from tests.cluster.members import PATIENCE, Member, end_sessions, until

WATERING, FEEDING = Duty("watering"), Duty("feeding")
NAMES = tuple(Duty(f"round {number}") for number in range(8))
OpenSession = Callable[[], PostgresSession]


@pytest.fixture
def garden(postgres_url: str) -> Iterator[EventStore]:
    """The store that the processes share."""
    store = open_store(postgres_url)
    store.create(SCHEMA)
    yield store
    store.close()


@pytest.fixture
def session(postgres_url: str, garden: EventStore) -> Iterator[OpenSession]:
    """Opens standing sessions, as so many processes would."""
    opened: list[PostgresSession] = []

    def make() -> PostgresSession:
        opened.append(PostgresSession(postgres_url, f"s-{len(opened)}", utc_now, lambda: None))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def member(postgres_url: str, garden: EventStore) -> Iterator[Callable[[], Member]]:
    """Starts processes that want to water."""
    started: list[Member] = []

    def start() -> Member:
        started.append(Member("holding", postgres_url, WATERING))
        return started[-1]

    yield start
    for one in started:
        one.send(signal.SIGCONT)
        one.kill()


def ignore() -> None:
    """Hear that something has changed."""


@pytest.fixture(params=["alone", "postgres"])
def duties(request: pytest.FixtureRequest) -> Duties:
    """Every implementation of the port, in a process that is alone."""
    if request.param == "alone":
        return EveryDuty(utc_now)
    made: PostgresSession = request.getfixturevalue("session")()
    return made.duties


def test_a_process_alone_holds_what_it_wants_and_nothing_else(duties: Duties) -> None:
    heard: list[str] = []
    duties.want(WATERING, lambda: heard.append("changed"))
    until(lambda: duties.tenure(WATERING) is not None)
    assert heard
    assert duties.tenure(FEEDING) is None


def test_what_is_resigned_is_held_no_more_until_it_is_wanted_again(duties: Duties) -> None:
    duties.want(WATERING, ignore)
    until(lambda: duties.tenure(WATERING) is not None)
    duties.resign(WATERING)
    assert duties.tenure(WATERING) is None
    duties.want(WATERING, ignore)
    until(lambda: duties.tenure(WATERING) is not None)


def test_the_present_tenure_passes_its_check(duties: Duties, garden: EventStore) -> None:
    duties.want(WATERING, ignore)
    until(lambda: duties.tenure(WATERING) is not None)
    tenure = duties.tenure(WATERING)
    assert tenure is not None
    with garden.write() as transaction:
        duties.check(transaction.rows, tenure)


def test_of_many_processes_one_holds_a_duty(session: OpenSession) -> None:
    several = [session() for _ in range(4)]
    for one in several:
        one.duties.want(WATERING, ignore)
    until(lambda: any(one.duties.tenure(WATERING) for one in several))
    assert sum(one.duties.tenure(WATERING) is not None for one in several) == 1


def test_each_schema_of_a_database_has_duties_of_its_own(
    session: OpenSession, postgres_url: str
) -> None:
    here = session()
    here.duties.want(WATERING, ignore)
    until(lambda: here.duties.tenure(WATERING))
    url = f"{postgres_url}&options=-csearch_path%3Dannex"
    with open_store(postgres_url).write() as transaction:
        transaction.rows.execute("CREATE SCHEMA annex")
    annex = open_store(url)
    annex.create(SCHEMA)
    there = PostgresSession(url, "annex", utc_now, ignore)
    there.duties.want(WATERING, ignore)
    until(lambda: there.duties.tenure(WATERING))
    assert here.duties.tenure(WATERING)
    there.close()
    annex.close()


def test_an_orderly_end_hands_everything_over(session: OpenSession) -> None:
    first, second = session(), session()
    for one in NAMES:
        first.duties.want(one, ignore)
    until(lambda: all(first.duties.tenure(one) for one in NAMES))
    for one in NAMES:
        second.duties.want(one, ignore)
    first.close()
    assert not any(first.duties.tenure(one) for one in NAMES)
    until(lambda: all(second.duties.tenure(one) for one in NAMES))


def test_whoever_has_none_is_given_some(session: OpenSession) -> None:
    def watch(which: PostgresSession, duty: Duty) -> None:
        """Resign what is to be given up, as a watch does once its loop has ended."""
        if which.duties.tenure(duty) is None:
            which.duties.resign(duty)
            which.duties.want(duty, partial(watch, which, duty))

    def held(which: PostgresSession) -> int:
        return sum(which.duties.tenure(one) is not None for one in NAMES)

    first, second = session(), session()
    for one in NAMES:
        first.duties.want(one, partial(watch, first, one))
    until(lambda: held(first) == len(NAMES))
    for one in NAMES[2:]:
        second.duties.want(one, partial(watch, second, one))
    until(lambda: held(second) >= 2)
    assert all(first.duties.tenure(one) for one in NAMES[:2])


def test_a_process_that_is_killed_is_followed_by_another(member: Callable[[], Member]) -> None:
    first = member()
    assert first.hears("held") == "held watering 1"
    second = member()
    first.kill()
    assert second.hears("held") == "held watering 2"


def test_a_session_that_the_server_ends_is_lost_and_another_begins(
    session: OpenSession, postgres_url: str
) -> None:
    duties = session().duties
    duties.want(WATERING, ignore)
    until(lambda: duties.tenure(WATERING))
    former = duties.tenure(WATERING)
    assert end_sessions(postgres_url) == 1
    until(lambda: duties.tenure(WATERING) not in (former, None))
    latter = duties.tenure(WATERING)
    assert former is not None
    assert latter is not None
    assert latter.epoch == former.epoch + 1


def test_a_process_that_was_paused_finds_its_tenure_over(
    member: Callable[[], Member], garden: EventStore
) -> None:
    """The server ends a session that is silent; nobody has to wait for whoever it was."""
    first = member()
    assert first.hears("held") == "held watering 1"
    first.send(signal.SIGSTOP)
    second = member()
    assert second.hears("held") == "held watering 2"
    first.send(signal.SIGCONT)
    assert first.hears("lost", "held") == "lost watering"


def test_a_process_that_is_paused_while_it_takes_a_duty_keeps_nobody_from_writing(
    garden: EventStore, postgres_url: str
) -> None:
    """It has the log's lock then, and its session is not idle as one is between two questions."""
    paused, going = threading.Event(), threading.Event()

    def clock() -> datetime:
        paused.set()
        going.wait(PATIENCE)
        return utc_now()

    session = PostgresSession(postgres_url, "paused", clock, ignore)
    session.duties.want(WATERING, ignore)
    try:
        assert paused.wait(PATIENCE)
        with garden.write() as transaction:
            transaction.rows.execute("DELETE FROM duty WHERE name = ''")
    finally:
        going.set()
        session.close()


def test_a_tenure_that_is_over_fails_its_check(
    session: OpenSession, garden: EventStore, postgres_url: str
) -> None:
    first, second = session().duties, session().duties
    first.want(WATERING, ignore)
    until(lambda: first.tenure(WATERING))
    over = first.tenure(WATERING)
    assert over is not None
    first.resign(WATERING)
    second.want(WATERING, ignore)
    until(lambda: second.tenure(WATERING))
    with pytest.raises(TenureOver), garden.write() as transaction:
        first.check(transaction.rows, over)
