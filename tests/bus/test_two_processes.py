"""On PostgreSQL every server process has a bus of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.key_file import KeyFile
from adapters.open_store import open_store
from adapters.system import new_id
from domain import access_request
from domain.access_request import CancelRequest, request_stream
from domain.values import REDACTED, RequestId
from server.command_bus import CommandBus, UnitOfWork
from server.handlers import HANDLERS
from server.wiring import INLINE, SCHEMA
from tests import seeds
from tests.seeds import ALICE, CONTEXT, submission
from tests.times import NOW

pytestmark = pytest.mark.anyio


async def test_two_buses_on_one_database_never_decide_on_old_state(postgres_url: str) -> None:
    """Every server process has a bus; each forgets the streams that another has moved."""
    stores = [open_store(postgres_url) for _ in range(2)]
    stores[0].create(SCHEMA)
    buses = [CommandBus(store, HANDLERS, INLINE, new_id) for store in stores]
    for one in buses:
        one.start()
    seeds.seed(buses[0])
    for round_number in range(10):
        name = f"r-{round_number}"
        done = await asyncio.gather(*(one.execute(submission(name), CONTEXT) for one in buses))
        assert sorted(one.changed for one in done) == [False, True]
        request = RequestId(done[0].stream.removeprefix("access_request-"))
        cancel = CancelRequest(request, ALICE, None, NOW, expected_version=done[0].version)
        await buses[round_number % 2].execute(cancel, CONTEXT)
    for one, store in zip(buses, stores, strict=True):
        one.close()
        store.close()


async def test_what_a_forgotten_person_said_is_in_no_memory_of_another_process(
    postgres_url: str, tmp_path: Path
) -> None:
    """What is kept in memory would come back in the next mail about his request."""
    master = KeyFile(tmp_path / "personal.keys", lambda: NOW)
    here, there = (open_store(postgres_url, master) for _ in range(2))
    here.create(SCHEMA)
    bus = CommandBus(here, HANDLERS, INLINE, new_id)
    bus.start()
    seeds.seed(bus)

    def said(work: UnitOfWork) -> str:
        _, state = work.state_of(access_request.DECIDER, request_stream(RequestId("r-1")))
        assert isinstance(state, access_request.Request)
        words = state.submission.justification
        return words.text if words else ""

    await bus.execute(submission("r-1"), CONTEXT)
    assert await bus.call(said) == "Quarter-end report"
    with there.write() as transaction:
        transaction.forget(ALICE)
    assert await bus.call(said) == REDACTED
    bus.close()
    here.close()
    there.close()
