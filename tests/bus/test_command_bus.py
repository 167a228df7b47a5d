"""One bus, many callers: durable, consistent, each told his own outcome."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest

from adapters.system import new_id
from domain.access_request import CancelRequest, RequestSubmitted
from domain.errors import IdempotencyKeyReused, UnknownApp, UnknownRequest
from domain.ports import EventStore, Unavailable
from domain.values import AppId, RequestId
from projections.access_requests import Wanted, request_of, requests_of
from server.command_bus import CommandBus, Executed, UnitOfWork
from server.handlers import HANDLERS
from server.idempotency import Idempotency, fingerprint
from server.reactions import REACTIONS
from server.wiring import INLINE
from tests import seeds
from tests.conftest import table_rows
from tests.seeds import ALICE, CONTEXT, READER, WRITER, submission
from tests.times import NOW

pytestmark = pytest.mark.anyio
SUBMITTED = 3
"""Events of a submission: submitted, routed, its first stage started."""


@pytest.fixture(autouse=True)
def _seeded(bus: CommandBus) -> None:
    seeds.seed(bus)


async def test_a_committed_command_is_visible_to_the_very_next_query(
    bus: CommandBus, store: EventStore
) -> None:
    for number, permission in enumerate((READER, WRITER)):
        command = submission(f"r-{number}", permission_ids=(permission,))
        await bus.execute(command, CONTEXT)
        with store.read() as rows:
            assert request_of(rows, ALICE, f"r-{number}") is not None


async def test_two_hundred_equal_submissions_leave_one_open_request(
    bus: CommandBus, store: EventStore
) -> None:
    done = await asyncio.gather(
        *(bus.execute(submission(f"r-{number}"), CONTEXT) for number in range(200))
    )
    assert len({one.stream for one in done}) == 1
    assert [one.changed for one in done].count(True) == 1
    with store.read() as rows:
        assert requests_of(rows, ALICE, Wanted()).total == 1


async def test_a_refused_command_is_undone_alone(bus: CommandBus, store: EventStore) -> None:
    head = store.head()
    outcomes = await asyncio.gather(
        bus.execute(submission("r-1"), CONTEXT),
        bus.execute(submission("r-2", app_id=AppId("none"), permission_ids=()), CONTEXT),
        bus.execute(submission("r-3", permission_ids=(WRITER,)), CONTEXT),
        return_exceptions=True,
    )
    assert outcomes[1] == UnknownApp("none")
    assert store.head() == head + 2 * SUBMITTED


async def test_a_cancelled_caller_does_not_undo_his_command(
    bus: CommandBus, store: EventStore
) -> None:
    started, go_on = threading.Event(), threading.Event()

    def hold(_work: UnitOfWork) -> None:
        started.set()
        go_on.wait()

    holding = asyncio.create_task(bus.call(hold))
    await asyncio.to_thread(started.wait)
    command = asyncio.create_task(bus.execute(submission("r-1"), CONTEXT))
    await asyncio.sleep(0)
    command.cancel()
    go_on.set()
    await holding
    await bus.call(lambda _work: None)
    with store.read() as rows:
        assert request_of(rows, ALICE, "r-1") is not None


async def test_after_a_closed_request_an_equal_one_is_new(bus: CommandBus) -> None:
    await bus.execute(submission("r-1"), CONTEXT)
    await bus.execute(CancelRequest(RequestId("r-1"), ALICE, None, NOW), CONTEXT)
    done = await bus.execute(submission("r-2"), CONTEXT)
    assert done.stream == "access_request-r-2"


async def test_the_same_key_gives_the_first_result_and_another_body_is_refused(
    bus: CommandBus, store: EventStore
) -> None:
    keyed = replace(CONTEXT, idempotency=Idempotency("alice", "k", fingerprint({"a": 1, "b": 2})))
    same = replace(CONTEXT, idempotency=Idempotency("alice", "k", fingerprint({"b": 2, "a": 1})))
    other = replace(CONTEXT, idempotency=Idempotency("alice", "k", fingerprint({"a": 2})))
    first = await bus.execute(submission("r-1"), keyed)
    await bus.execute(CancelRequest(RequestId("r-1"), ALICE, None, NOW), CONTEXT)
    head = store.head()
    again = await bus.execute(submission("r-2"), same)
    assert (again.stream, again.replayed, again.changed) == (first.stream, True, True)
    with pytest.raises(IdempotencyKeyReused):
        await bus.execute(submission("r-3"), other)
    assert store.head() == head


async def test_a_refused_command_leaves_its_key_unused(bus: CommandBus) -> None:
    keyed = replace(CONTEXT, idempotency=Idempotency("alice", "k", "same"))
    with pytest.raises(UnknownApp):
        await bus.execute(submission("r-1", app_id=AppId("none"), permission_ids=()), keyed)
    assert not (await bus.execute(submission("r-1"), keyed)).replayed


async def test_a_dry_run_decides_and_keeps_nothing(bus: CommandBus, store: EventStore) -> None:
    before, head = (
        table_rows(store, ("access_request", "access_request_item", "open_item")),
        store.head(),
    )
    keyed = replace(CONTEXT, idempotency=Idempotency("alice", "k", "same"))
    done = await bus.execute(submission("r-1"), keyed, dry_run=True)
    assert isinstance(done.events[0], RequestSubmitted)
    assert (
        table_rows(store, ("access_request", "access_request_item", "open_item")),
        store.head(),
    ) == (before, head)
    assert not (await bus.execute(submission("r-1"), keyed)).replayed


async def test_a_job_becomes_durable_whole_or_not_at_all(
    bus: CommandBus, store: EventStore
) -> None:
    head = store.head()

    def job(work: UnitOfWork) -> None:
        work.execute(submission("r-1"), CONTEXT)
        work.execute(CancelRequest(RequestId("none"), ALICE, None, NOW), CONTEXT)

    with pytest.raises(UnknownRequest):
        await bus.call(job)
    assert store.head() == head
    done = await bus.execute(submission("r-1"), CONTEXT)
    assert (done.version, done.position) == (SUBMITTED, head + SUBMITTED)


async def test_events_carry_actor_correlation_and_a_dense_version(
    bus: CommandBus, store: EventStore
) -> None:
    head = store.head()
    await bus.execute(submission("r-1"), CONTEXT)
    await bus.execute(CancelRequest(RequestId("r-1"), ALICE, None, NOW), CONTEXT)
    envelopes = [one.envelope for one in store.events_after(head, 10)]
    assert [one.version for one in envelopes] == [1, 2, 3, 4, 5]
    assert {one.correlation_id for one in envelopes} == {CONTEXT.correlation_id}
    assert {one.actor for one in envelopes} == {CONTEXT.actor}
    assert len({one.event_id for one in envelopes}) == 5
    assert all(one.event_id[14] == "7" for one in envelopes), "RFC 9562 version 7"


async def test_what_waits_is_finished_before_the_bus_closes(
    bus: CommandBus, store: EventStore
) -> None:
    waiting = asyncio.create_task(bus.execute(submission("r-1"), CONTEXT))
    await asyncio.sleep(0)
    await asyncio.to_thread(bus.close)
    assert (await waiting).changed
    with pytest.raises(Unavailable, match="shutting down"):
        await bus.execute(submission("r-2", permission_ids=(WRITER,)), CONTEXT)


async def test_a_fault_of_the_store_fails_every_waiting_caller_and_nobody_after(
    bus: CommandBus, store: EventStore
) -> None:
    head = store.head()

    def break_it(_work: UnitOfWork) -> None:
        raise Unavailable("the disk is full")

    started, go_on = threading.Event(), threading.Event()

    def hold(_work: UnitOfWork) -> None:
        started.set()
        go_on.wait()

    holding = asyncio.create_task(bus.call(hold))
    await asyncio.to_thread(started.wait)
    batch = [
        asyncio.create_task(bus.execute(submission("r-1"), CONTEXT)),
        asyncio.create_task(bus.call(break_it)),
        asyncio.create_task(bus.execute(submission("r-2", permission_ids=(WRITER,)), CONTEXT)),
    ]
    await asyncio.sleep(0)
    go_on.set()
    await holding
    outcomes = await asyncio.gather(*batch, return_exceptions=True)
    assert all(isinstance(one, Unavailable) for one in outcomes)
    assert store.head() == head
    assert (await bus.execute(submission("r-1"), CONTEXT)).changed


async def test_a_job_that_fails_after_it_has_written_is_undone_alone(
    bus: CommandBus, store: EventStore
) -> None:
    """The batch is run again in savepoints; its neighbours are kept, each once."""
    started, go_on = threading.Event(), threading.Event()

    def hold(_work: UnitOfWork) -> None:
        started.set()
        go_on.wait()

    def write_then_fail(work: UnitOfWork) -> None:
        work.execute(submission("r-2", permission_ids=(WRITER,)), CONTEXT)
        raise ZeroDivisionError

    head = store.head()
    holding = asyncio.create_task(bus.call(hold))
    await asyncio.to_thread(started.wait)
    batch = [
        asyncio.create_task(bus.execute(submission("r-1"), CONTEXT)),
        asyncio.create_task(bus.call(write_then_fail)),
        asyncio.create_task(bus.execute(submission("r-3", permission_ids=(WRITER,)), CONTEXT)),
    ]
    await asyncio.sleep(0)
    go_on.set()
    await holding
    first, failed, last = await asyncio.gather(*batch, return_exceptions=True)
    assert isinstance(failed, ZeroDivisionError)
    assert isinstance(first, Executed)
    assert isinstance(last, Executed)
    reached = head + SUBMITTED, head + 2 * SUBMITTED, head + 2 * SUBMITTED
    assert (first.position, last.position, store.head()) == reached
    assert last.stream == "access_request-r-3"


def test_who_follows_the_log_is_told_when_it_has_grown_and_not_otherwise(
    store: EventStore,
) -> None:
    """A follower writes rows itself: were it told of those, it would never rest."""
    told: list[int] = []
    running = CommandBus(
        store, HANDLERS, INLINE, new_id, lambda: told.append(store.head()), REACTIONS
    )
    running.start()
    try:
        running.call_blocking(lambda work: work.rows.execute("DELETE FROM session"))
        running.call_blocking(lambda work: work.execute(submission("r-1"), CONTEXT, dry_run=True))
        assert told == []
        running.call_blocking(lambda work: work.execute(submission("r-1"), CONTEXT))
        running.call_blocking(lambda work: work.head)
        assert told == [store.head()]
    finally:
        running.close()
