"""What is remembered of searches is never shown once it is no longer so."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from domain.catalog import AppRecord, PutApp
from domain.policy import DEFAULT, PublishPolicy
from domain.values import AppId
from projections.catalog import PROJECTION
from projections.catalog.search.editions import edition
from server.command_bus import UnitOfWork
from server.mcp.search_memory import SearchMemory
from server.operations.read_models import catch_up
from tests import seeds
from tests.web import Web

pytestmark = pytest.mark.anyio


async def edition_of(web: Web) -> int:
    return await web.system.reads.query(edition)


async def put(web: Web, *commands: object) -> None:
    """Do this, and let search come after."""

    def do(work: UnitOfWork) -> None:
        for one in commands:
            work.execute(one, seeds.CONTEXT)

    await web.system.bus.call(do)
    await asyncio.to_thread(catch_up, web.system)


async def names(web: Web, **asked: Any) -> list[str]:
    wire = await web.wire()
    return [one["id"] for one in (await wire.ask("search_apps", **asked))["items"]]


@pytest.mark.parametrize("asked", [{}, {"name_search": "wiki"}], ids=["browsing", "searching"])
async def test_a_new_app_is_found_by_a_question_that_was_asked_before(
    web: Web, asked: dict[str, str]
) -> None:
    for _ in range(2):
        assert "wiki-two" not in await names(web, **asked)
    before = await edition_of(web)
    await put(web, PutApp(AppId("wiki-two"), AppRecord("Wiki two", "More pages")))
    assert await edition_of(web) != before
    assert "wiki-two" in await names(web, **asked)


async def test_a_policy_that_closes_an_app_closes_it_at_once(web: Web) -> None:
    """Policies are no part of the index: they count from the next call on."""
    record = AppRecord("Ledger", "Accounts", policy="closed")
    await put(web, PutApp(AppId("ledger"), record))
    for _ in range(2):
        assert await names(web, name_search="ledger") == ["ledger"]
    before = await edition_of(web)
    closed = replace(DEFAULT, policy_id="closed", requestable_by=("nobody",))
    await web.system.bus.execute(PublishPolicy(closed), seeds.CONTEXT)
    assert await edition_of(web) == before
    assert await names(web, name_search="ledger") == []
    assert "ledger" not in await names(web)


async def test_events_of_other_things_leave_the_edition(web: Web) -> None:
    before = await edition_of(web)
    wire = await web.wire()
    await wire.ask("submit_access_request", app_id="wiki", business_justification="To write")
    await asyncio.to_thread(catch_up, web.system)
    assert await edition_of(web) == before


async def test_an_index_that_is_built_anew_is_another_edition(web: Web) -> None:
    before = await edition_of(web)
    await web.system.bus.call(lambda work: PROJECTION.renew(work.rows))
    assert await edition_of(web) != before


def test_what_was_asked_last_stays_and_the_room_is_kept() -> None:
    memory: SearchMemory[str] = SearchMemory(len, 6)
    found: list[str] = []

    def find(text: str) -> str:
        def look() -> str:
            found.append(text)
            return text

        return memory.found(1, text, look)

    for text in ("aaa", "bbb", "aaa", "ccc", "aaa", "bbb"):
        assert find(text) == text
    assert found == ["aaa", "bbb", "ccc", "bbb"]
    assert find("too long for it") == "too long for it"
    assert find("bbb") == "bbb"
    assert found[-1] == "too long for it"


def test_what_an_older_state_said_is_not_told_in_a_newer_one() -> None:
    memory: SearchMemory[str] = SearchMemory(len)
    assert memory.found(2, "q", lambda: "new") == "new"
    assert memory.found(1, "q", lambda: "old") == "old"
    assert memory.found(2, "q", lambda: "new") == "new"
