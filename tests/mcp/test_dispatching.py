"""Given those who listen, when something changes, then exactly these are told exactly this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.envelope import Recorded
from domain.ports import EventLog, EventStore
from domain.values import Client, ClientId, ConsentId, FamilyId, PersonId, RequestId
from projections.people import PersonRow
from server.bearer import AccessGrant
from server.command_bus import CommandBus
from server.mcp.subscriptions.changes import ANYTHING, EVERYBODY, Change
from server.mcp.subscriptions.dispatcher import Dispatcher
from server.mcp.subscriptions.subscriber import Subscriber
from server.mcp.subscriptions.watch import Watch
from server.mcp.subscriptions.wishes import (
    MOST_URIS,
    PROMPTS,
    RESOURCES,
    TOOLS,
    Wishes,
    request_uri,
    updated,
    wishes,
)
from server.reads import Reads
from tests import seeds
from tests.mcp.hearing import SECONDS, until
from tests.times import NOW

pytestmark = pytest.mark.anyio
FIRST, SECOND = RequestId("r-1"), RequestId("r-2")
ALL = Wishes(tools=True, prompts=True, resources=True, requests=(FIRST, SECOND))


def listener(
    person: PersonId, asked: Wishes, until: datetime = NOW + timedelta(hours=1)
) -> Subscriber:
    name = person.removeprefix("p-")
    row = PersonRow(
        person_id=person,
        username=name,
        given_name=name,
        family_name="Example",
        email=f"{name}@example.com",
        manager=None,
        groups=(),
        roles=(),
        disabled=False,
    )
    client = Client(ClientId("c"), "A client")
    grant = AccessGrant(row, client, ConsentId(f"consent-{name}"), FamilyId(f"family-{name}"), ())
    return Subscriber(grant, asked, until, lambda _rows, _wishes: None)


class Listeners:
    """Those who listen, and what they have been told."""

    def __init__(self, *given: Subscriber) -> None:
        self.dispatcher = Dispatcher()
        for one in given:
            self.dispatcher.add(one)
            one.begin(("search",))

    def when(self, *changes: Change) -> Listeners:
        for one in changes:
            self.dispatcher.dispatch(one)
        return self

    def doubtful(self) -> list[PersonId]:
        return sorted(one.grant.person.person_id for one in self.dispatcher.take_doubtful(100))


def test_a_change_of_a_request_is_told_to_those_who_asked_for_it() -> None:
    alice, bob = listener(seeds.ALICE, ALL), listener(seeds.BOB, Wishes(requests=(SECOND,)))
    Listeners(alice, bob).when(Change(FIRST))
    assert (alice.take(), bob.take()) == ((updated(request_uri(FIRST)),), ())


def test_many_changes_of_one_request_are_one_notice_until_it_is_taken() -> None:
    alice = listener(seeds.ALICE, ALL)
    given = Listeners(alice).when(*[Change(FIRST)] * 1_000)
    assert alice.take() == (updated(request_uri(FIRST)),)
    assert alice.take() == ()
    given.when(Change(FIRST))
    assert alice.take() == (updated(request_uri(FIRST)),)


def test_a_new_request_changes_the_list_of_those_it_is_of_and_for() -> None:
    people = [listener(one, ALL) for one in (seeds.ALICE, seeds.BOB, seeds.CAROL)]
    Listeners(*people).when(Change(RequestId("r-3"), frozenset({seeds.ALICE, seeds.BOB})))
    assert [one.take() for one in people] == [(RESOURCES,), (RESOURCES,), ()]


@pytest.mark.parametrize("asked", [Wishes(), Wishes(tools=True), Wishes(prompts=True)])
def test_nothing_is_told_that_was_not_asked_for(asked: Wishes) -> None:
    alice = listener(seeds.ALICE, asked)
    Listeners(alice).when(Change(FIRST, frozenset({seeds.ALICE})))
    assert alice.take() == ()


def test_what_proves_not_to_be_his_is_not_told_even_if_it_changed_before() -> None:
    alice = listener(seeds.ALICE, ALL)
    given = Listeners(alice).when(Change(FIRST), Change(SECOND))
    given.dispatcher.narrow(alice, ALL.only((SECOND,)))
    given.when(Change(FIRST))
    assert alice.take() == (updated(request_uri(SECOND)),)
    assert alice.wishes.fields()["resourceSubscriptions"] == [request_uri(SECOND)]


@pytest.mark.parametrize("bearer", ["p-alice", "consent-alice", "family-alice"])
def test_an_event_about_a_bearer_makes_his_streams_doubtful_and_no_others(bearer: str) -> None:
    given = Listeners(listener(seeds.ALICE, ALL), listener(seeds.BOB, ALL))
    assert given.when(Change(bearer=bearer)).doubtful() == [seeds.ALICE]
    assert given.doubtful() == []


def test_a_feature_makes_everybody_doubtful() -> None:
    given = Listeners(listener(seeds.ALICE, ALL), listener(seeds.BOB, ALL))
    assert given.when(EVERYBODY).doubtful() == [seeds.ALICE, seeds.BOB]


def test_where_nobody_knows_what_changed_everybody_is_told_all_he_asked_for() -> None:
    alice = listener(seeds.ALICE, Wishes(tools=True, requests=(FIRST,)))
    assert Listeners(alice).when(ANYTHING).doubtful() == [seeds.ALICE]
    assert alice.take() == (TOOLS, updated(request_uri(FIRST)))


def test_other_tools_than_before_are_told_and_the_same_are_not() -> None:
    alice = listener(seeds.ALICE, ALL)
    Listeners(alice)
    alice.stands(("search",))
    assert alice.take() == ()
    alice.stands(("search", "submit"))
    assert alice.take() == (TOOLS, PROMPTS)


def test_a_first_look_that_comes_late_does_not_undo_a_later_one() -> None:
    alice = listener(seeds.ALICE, ALL)
    alice.stands(("search", "submit"))
    alice.begin(("search",))
    alice.stands(("search", "submit"))
    assert alice.take() == ()


def test_whose_token_is_good_no_longer_is_told_nothing_more() -> None:
    alice = listener(seeds.ALICE, ALL)
    Listeners(alice).when(Change(FIRST))
    alice.stands(None)
    assert (alice.ended, alice.take()) == (True, ())


def test_who_has_gone_leaves_nothing_behind() -> None:
    alice = listener(seeds.ALICE, ALL)
    given = Listeners(alice).when(EVERYBODY)
    for _ in range(2):
        given.dispatcher.remove(alice)
    given.dispatcher.doubt([alice])
    assert (len(given.dispatcher), given.dispatcher.of(seeds.ALICE), given.doubtful()) == (
        0,
        0,
        [],
    )
    empty: Any = (given.dispatcher._by_request, given.dispatcher._by_name)
    assert [dict(one) for one in empty] == [{}, {}]


async def test_a_commit_is_looked_at_once_however_many_listen(
    store: EventStore, bus: CommandBus
) -> None:
    """And nobody is verified for it."""
    seeds.seed(bus)
    log = CountedLog(store)
    watch = Watch(log, Reads(store, local=True), poll=60)
    crowd = [listener(PersonId(f"p-{number}"), ALL) for number in range(1_000)]
    alice = listener(seeds.ALICE, Wishes(requests=(FIRST,)))
    async with watch.run():
        for one in (*crowd, alice):
            await watch.join(one)
        await until(lambda: log.looks > 0)
        looked = log.looks
        await bus.execute(seeds.submission(FIRST), seeds.CONTEXT)
        watch.wake()
        await alice.woken(SECONDS)
        assert alice.take() == (updated(request_uri(FIRST)),)
        assert log.looks == looked + 1
        assert not any(one.ended for one in crowd)


@dataclass
class CountedLog:
    """A log that counts how often it is read."""

    log: EventLog
    looks: int = 0

    def head(self) -> int:
        return self.log.head()

    def events_after(self, position: int, limit: int) -> Sequence[Recorded]:
        self.looks += 1
        return self.log.events_after(position, limit)


def test_of_the_uris_only_those_of_requests_can_be_honoured_once_each_and_not_too_many() -> None:
    asked = [request_uri(f"r-{number}") for number in range(MOST_URIS + 1)]
    given = wishes(
        tools=False,
        prompts=False,
        resources=False,
        uris=["file:///etc/passwd", "", *asked[:1], *asked],
    )
    assert [request_uri(one) for one in given.requests] == asked[:MOST_URIS]
