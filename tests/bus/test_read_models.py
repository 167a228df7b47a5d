"""Read models: following gives what rebuilding gives, and no crash repeats or skips an event."""

from __future__ import annotations

import asyncio

import pytest

from domain.access_request import CancelRequest
from domain.catalog import AppRecord, PutApp, RetireApp, RetirePermission
from domain.ports import EventStore
from domain.values import AppId, RequestId
from projections import catalog
from projections.catalog.queries import listed_apps
from server.command_bus import CommandBus
from server.follower import Follower, position_of
from server.rebuild import rebuild
from server.wiring import INLINE
from tests import seeds
from tests.conftest import table_rows
from tests.seeds import ALICE, CONTEXT, WRITER, submission
from tests.times import NOW

pytestmark = pytest.mark.anyio
FOLLOWED = (catalog.PROJECTION,)
TABLES = tuple(table for one in (*INLINE, *FOLLOWED) for table in one.tables)


@pytest.fixture
def follower(bus: CommandBus, store: EventStore) -> Follower:
    seeds.seed(bus)
    return Follower(bus, store, catalog.PROJECTION)


async def some_history(bus: CommandBus) -> None:
    await bus.execute(submission("r-1"), CONTEXT)
    await bus.execute(CancelRequest(RequestId("r-1"), ALICE, "No", NOW), CONTEXT)
    await bus.execute(submission("r-2", permission_ids=(WRITER,)), CONTEXT)
    await bus.execute(RetirePermission(WRITER), CONTEXT)
    await bus.execute(PutApp(AppId("hr"), AppRecord("People")), CONTEXT)
    await bus.execute(RetireApp(AppId("wiki")), CONTEXT)


async def test_a_rebuild_gives_exactly_what_following_gave(
    bus: CommandBus, store: EventStore, follower: Follower
) -> None:
    await some_history(bus)
    await asyncio.to_thread(follower.catch_up)
    before = table_rows(store, TABLES)
    heard: list[tuple[int, int]] = []
    reached = await bus.call(
        lambda work: rebuild(work, INLINE, FOLLOWED, lambda *p: heard.append(p))
    )
    assert table_rows(store, TABLES) == before
    assert reached == store.head()
    assert heard[-1] == (store.head(), store.head())


async def test_following_again_changes_nothing(
    bus: CommandBus, store: EventStore, follower: Follower
) -> None:
    first = await asyncio.to_thread(follower.catch_up)
    before = table_rows(store, TABLES)
    again = Follower(bus, store, catalog.PROJECTION)
    assert await asyncio.to_thread(again.catch_up) == first == store.head()
    assert table_rows(store, TABLES) == before


async def test_two_followers_of_one_read_model_do_not_apply_an_event_twice(
    bus: CommandBus, store: EventStore, follower: Follower
) -> None:
    other = Follower(bus, store, catalog.PROJECTION)
    await asyncio.gather(asyncio.to_thread(follower.catch_up), asyncio.to_thread(other.catch_up))
    with store.read() as rows:
        assert listed_apps(rows, ("sales",)).total == 3
        assert position_of(rows, catalog.PROJECTION) == store.head()


async def test_a_woken_follower_comes_after_the_log(
    bus: CommandBus, store: EventStore, follower: Follower
) -> None:
    following = asyncio.create_task(follower.run())
    await bus.execute(PutApp(AppId("hr"), AppRecord("People")), CONTEXT)
    async with asyncio.timeout(20):
        while (await bus.call(lambda work: position_of(work.rows, catalog.PROJECTION))) < 11:
            follower.wake()
            await asyncio.sleep(0)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    with store.read() as rows:
        assert listed_apps(rows, (), named="people").items[0].app_id == "hr"
