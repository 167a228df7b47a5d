"""How often a person's clients may call."""

from __future__ import annotations

import pytest

from adapters.open_store import MEMORY
from server.limits.calls import CallRates
from server.wiring import System
from tests.mcp.wire import LEGACY, MODERN
from tests.web import web_with


@pytest.fixture
def database_url() -> str:
    """It is all in memory."""
    return MEMORY


class Hand:
    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def allowed(rates: CallRates, person: str, client: str, *, writing: bool = False) -> int:
    """Return how many calls in a row are let through, of a thousand."""
    return [rates.count(person, client, writing=writing) for _ in range(1_000)].count(None)


def test_a_client_has_a_minute_s_calls_at_once_and_then_as_many_as_come_back() -> None:
    hand = Hand()
    rates = CallRates(60, 0, hand)
    assert allowed(rates, "alice", "claude") == 60
    hand.at += 10
    assert allowed(rates, "alice", "claude") == 10
    exceeded = rates.count("alice", "claude", writing=False)
    assert exceeded is not None
    assert (exceeded.policy, exceeded.most, exceeded.wait) == ("client", 60, 1)
    hand.at += 3_600
    assert allowed(rates, "alice", "claude") == 60


def test_a_published_client_id_is_everybody_s_own() -> None:
    rates = CallRates(60, 0, Hand())
    assert allowed(rates, "alice", "claude") == 60
    assert allowed(rates, "bob", "claude") == 60


def test_a_client_that_has_gone_wild_leaves_the_person_s_others_their_share() -> None:
    rates = CallRates(60, 0, Hand())
    assert allowed(rates, "alice", "wild") == 60
    assert allowed(rates, "alice", "tame") == 60
    assert allowed(rates, "alice", "third") == 0, "twice as many in all"


def test_writes_are_counted_of_the_person_whatever_the_client() -> None:
    rates = CallRates(600, 6, Hand())
    assert allowed(rates, "alice", "one", writing=True) == 6
    assert allowed(rates, "alice", "two", writing=True) == 0
    assert rates.count("alice", "two", writing=False) is None
    assert rates.count("bob", "two", writing=True) is None


def test_nought_is_no_limit() -> None:
    assert allowed(CallRates(0, 0, Hand()), "alice", "one", writing=True) == 1_000


def test_names_take_no_more_than_their_room() -> None:
    hand = Hand()
    rates = CallRates(60, 60, hand, most_keys=100)
    for number in range(1_000):
        assert rates.count(f"person-{number}", "claude", writing=True) is None
        hand.at += 0.001
    for buckets in (rates._calls, rates._all, rates._writes):
        assert len(buckets._empty_at) <= 100
    assert allowed(rates, "person-999", "claude") == 59, "who came last is known"


@pytest.mark.anyio
@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_who_calls_too_often_is_told_how_long_to_wait(system: System, era: str) -> None:
    async with web_with(system, calls_per_minute=10, writes_per_minute=2) as (web, _):
        wire = await web.wire(era=era)
        arguments = {
            "app_id": "crm",
            "requestable_permission_ids": ["crm:reader"],
            "dry_run": True,
        }
        params = {"name": "submit_access_request", "arguments": arguments}
        written = [(await wire.request("tools/call", params)).status_code for _ in range(3)]
        assert written == [200, 200, 429]
        answers = [await wire.request("tools/list") for _ in range(9)]
        assert [one.status_code for one in answers] == [200] * 8 + [429]
        refused = answers[-1]
        assert 1 <= int(refused.headers["retry-after"]) <= 6
        assert refused.headers["ratelimit-policy"] == '"client";q=10;w=60'
        fault = refused.json()
        assert (fault["jsonrpc"], fault["error"]["code"]) == ("2.0", -32_000)
        assert "try again" in fault["error"]["message"]
        other = await web.wire("bob", era=era)
        assert (await other.request("tools/list")).status_code == 200


@pytest.mark.anyio
async def test_limits_on_calls_are_switched_off_with_all_others(system: System) -> None:
    async with web_with(system, calls_per_minute=1, rate_limits=False) as (web, _):
        wire = await web.wire()
        assert {(await wire.request("tools/list")).status_code for _ in range(5)} == {200}
