"""Refresh tokens that were rotated: kept while they can tell of a thief, and gone after that, live as in a
rebuild."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from domain.ports import Rows, Value
from domain.token_family import EndReason, FamilyEnded
from projections import token_families
from projections.token_families import PROJECTION
from server.oauth.token_rows import ACCESS_LIFE, FAMILY_LIFE, REFRESH_IDLE_LIFE
from server.wiring import System
from tests.conftest import table_rows
from tests.contracts.test_plans import Watched
from tests.oauth.flow import Flow
from tests.web import Hands, Web, web_with

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


def known(system: System) -> int:
    """Return how many refresh tokens are known."""
    sql = "SELECT digest FROM refresh_token"
    return len(system.reads.blocking(lambda rows: rows.select(sql)))


def assert_rebuilt_alike(system: System) -> None:
    """The log alone gives the same rows."""
    live = table_rows(system.store, PROJECTION.tables)
    with system.store.write() as transaction:
        PROJECTION.clear(transaction.rows)
        for recorded in transaction.events_after(0, 100_000):
            PROJECTION.apply(transaction.rows, recorded)
    assert table_rows(system.store, PROJECTION.tables) == live


async def rotated(flow: Flow, token: str, times: int) -> list[str]:
    """Rotate a refresh token; return it and all that followed."""
    tokens = [token]
    for _ in range(times):
        tokens.append((await flow.refresh(tokens[-1])).json()["refresh_token"])
    return tokens


async def refused(flow: Flow, token: str) -> bool:
    answer = await flow.refresh(token)
    return (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_the_tokens_of_a_family_go_when_it_ends_and_are_refused_as_before(web: Web) -> None:
    flow, other = web.flow(), web.flow()
    tokens = await rotated(flow, (await flow.sign_in(web.browser()))["refresh_token"], 3)
    kept = (await other.sign_in(web.browser("bob")))["refresh_token"]
    assert known(web.system) == 5
    form = {"token": tokens[1], "client_id": flow.client_id}
    assert (await web.http.post(f"{web.issuer}/revoke", data=form)).status_code == 200
    assert known(web.system) == 1
    assert_rebuilt_alike(web.system)
    assert all([await refused(flow, one) for one in tokens])
    assert (await web.http.post(f"{web.issuer}/revoke", data=form)).status_code == 200
    assert len(web.events(FamilyEnded)) == 1
    assert (await other.refresh(kept)).status_code == 200


async def test_a_replay_ends_its_family_however_long_ago_the_token_was_rotated(
    system: System,
) -> None:
    """Longer ago than any token lives that is not used: what is retired is kept while its family lives."""
    async with web_with(system) as (web, hands):
        flow = web.flow()
        first = (await flow.sign_in(web.browser()))["refresh_token"]
        newest = first
        for _ in range(2):
            hands.moved += REFRESH_IDLE_LIFE - DAY
            (_, newest) = await rotated(flow, newest, 1)
        assert await refused(flow, first)
        (ended,) = web.events(FamilyEnded)
        assert ended.reason is EndReason.REFRESH_TOKEN_REPLAYED
        assert await refused(flow, newest)
        assert known(system) == 0
        assert_rebuilt_alike(system)


async def lived(web: Web, hands: Hands, flow: Flow) -> list[str]:
    """Let a family live until its last moment; return its tokens, the first one first."""
    tokens = [(await flow.sign_in(web.browser()))["refresh_token"]]
    for _ in range(3):
        hands.moved += REFRESH_IDLE_LIFE - timedelta(minutes=1)
        tokens += (await rotated(flow, tokens[-1], 1))[1:]
    return tokens


async def test_tokens_of_a_family_that_can_live_no_longer_go_as_others_come(
    system: System,
) -> None:
    async with web_with(system) as (web, hands):
        flow = web.flow()
        tokens = await lived(web, hands, flow)
        hands.moved += DAY
        await web.flow().sign_in(web.browser("bob"))
        assert known(system) == 5
        hands.moved += timedelta(minutes=4)
        await web.flow().sign_in(web.browser("carol"))
        assert known(system) == 2
        assert_rebuilt_alike(system)
        assert all([await refused(flow, one) for one in tokens])


async def test_a_replay_at_the_last_moment_still_ends_what_was_issued_then(system: System) -> None:
    async with web_with(system) as (web, hands):
        flow = web.flow()
        first, *_ = await lived(web, hands, flow)
        hands.moved += timedelta(minutes=4)
        await web.flow().sign_in(web.browser("bob"))
        assert await refused(flow, first)
        (ended,) = web.events(FamilyEnded)
        assert ended.reason is EndReason.REFRESH_TOKEN_REPLAYED
    assert ACCESS_LIFE < token_families.STAYS_BEHIND


async def test_a_family_of_any_size_holds_the_writer_for_a_few_rows_at_a_time(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_families, "DROPPED_WITH_FAMILY", 4)
    monkeypatch.setattr(token_families, "DROPPED_WITH_EACH", 2)
    async with web_with(system) as (web, hands):
        flow, other = web.flow(), web.flow()
        tokens = await rotated(flow, (await flow.sign_in(web.browser()))["refresh_token"], 7)
        form = {"token": tokens[-1], "client_id": flow.client_id}
        await web.http.post(f"{web.issuer}/revoke", data=form)
        assert known(system) == 4
        assert all([await refused(flow, one) for one in tokens])
        hands.moved += FAMILY_LIFE + 2 * DAY
        token = (await other.sign_in(web.browser("bob")))["refresh_token"]
        assert known(system) == 3
        assert_rebuilt_alike(system)
        await rotated(other, token, 2)
        assert known(system) == 3
        assert_rebuilt_alike(system)


async def test_what_goes_is_found_by_an_index(system: System) -> None:
    if not system.settings.on_sqlite:
        return
    plans: list[str] = []

    def explain(rows: Rows, sql: str, params: Sequence[Value]) -> None:
        if sql.startswith("DELETE"):
            found = rows.select(f"EXPLAIN QUERY PLAN {sql}", params)
            plans.extend(str(detail) for *_, detail in found)

    def again(rows: Any, log: Sequence[Any]) -> None:
        for recorded in log:
            PROJECTION.apply(rows, recorded)

    async with web_with(system) as (web, _hands):
        flow = web.flow()
        tokens = await rotated(flow, (await flow.sign_in(web.browser()))["refresh_token"], 1)
        form = {"token": tokens[-1], "client_id": flow.client_id}
        await web.http.post(f"{web.issuer}/revoke", data=form)
    with system.store.write() as transaction:
        PROJECTION.clear(transaction.rows)
        again(Watched(transaction.rows, explain), transaction.events_after(0, 100_000))
    assert plans
    assert not [one for one in plans if one.startswith("SCAN ") or "TEMP B-TREE" in one], plans
