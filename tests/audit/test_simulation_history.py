"""A simulated history is one that could have happened: it goes through the bus like any other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.open_store import MEMORY, open_store
from domain.access_request import RequestSubmitted
from domain.ports import EventStore
from domain.values import Via
from server.audit.verifying import verify
from tests.bench.simulated_year import Simulated, simulate
from tests.times import NOW

EVENTS = 3_000
ALWAYS_THERE = """
    access_request.submitted access_request.routed access_request.stage_started
    access_request.decision_taken access_request.stage_approved access_request.approved
    access_request.denied access_request.cancelled access_request.comment_added
    access_request.reminded access_request.provisioning_started access_request.provisioned
    access_request.completed access_request.extended access_request.revoked
    access_request.deprovisioning_started access_request.deprovisioned access_request.closed
    app.added app.changed permission.added permission.changed permission.retired
    person.registered person.changed person.identity_linked group.added policy.published
    consent.given consent.widened token_family.opened token_family.code_redeemed
    token_family.refresh_token_rotated token_family.ended integration.added
"""


def small(store: str | EventStore, seed: int = 1) -> Simulated:
    return simulate(store, events=EVENTS, seed=seed, people=40, apps=8, until=NOW)


@pytest.fixture(scope="module")
def filled() -> Iterator[tuple[EventStore, Simulated]]:
    store = open_store(MEMORY)
    yield store, small(store)
    store.close()


def test_the_same_seed_gives_the_same_history_and_another_one_another(
    filled: tuple[EventStore, Simulated], tmp_path: Path
) -> None:
    store, _ = filled
    url = f"sqlite:///{tmp_path / 'year.db'}"
    small(url)
    again, other = open_store(url), open_store(MEMORY)
    small(other, seed=2)
    assert store.chain_head() == again.chain_head()
    assert store.chain_head() != other.chain_head()
    again.close()
    other.close()


def test_it_is_as_long_as_asked_and_lasts_a_year_in_which_time_never_goes_back(
    filled: tuple[EventStore, Simulated],
) -> None:
    store, done = filled
    assert done.events == store.head() == pytest.approx(EVENTS, rel=0.05)
    moments = [one.envelope.recorded_at for one in store.events_after(0, 2 * EVENTS)]
    assert all(earlier <= later for earlier, later in pairwise(moments))
    assert timedelta(days=364) < moments[-1] - moments[0] < timedelta(days=367)
    assert moments[-1] <= NOW


def test_a_store_with_a_history_of_its_own_is_left_alone(
    filled: tuple[EventStore, Simulated],
) -> None:
    store, done = filled
    with pytest.raises(ValueError, match="not empty"):
        small(store)
    assert store.head() == done.events


def test_it_is_whole(filled: tuple[EventStore, Simulated]) -> None:
    store, done = filled
    found = verify(store, {}, lambda _done, _total: None)
    assert (found.position, found.broken) == (done.events, None)


def test_most_of_it_is_about_requests_and_all_that_happens_in_a_year_is_there(
    filled: tuple[EventStore, Simulated],
) -> None:
    _, done = filled
    assert 0.6 < done.share("access_request") < 0.8
    assert 0.1 < done.share("token_family") < 0.3
    assert [topic for topic in ALWAYS_THERE.split() if topic not in done.mix] == []


def test_people_ask_on_weekdays_through_a_client_that_they_have_consented_to(
    filled: tuple[EventStore, Simulated],
) -> None:
    store, _ = filled
    asked = [
        one.envelope
        for one in store.events_after(0, 2 * EVENTS)
        if isinstance(one.envelope.event, RequestSubmitted)
    ]
    on_weekdays = [one for one in asked if one.recorded_at.weekday() < 5]
    assert len(on_weekdays) > 0.9 * len(asked)
    through_a_client = [one for one in asked if one.actor.via is Via.MCP]
    assert len(through_a_client) > 0.9 * len(asked)
    assert all(one.actor.client and one.actor.authorization for one in through_a_client)
