"""The wall clock steps two hours ahead and back while a server runs. What has a time comes to it by the clock as it is
now, once; nothing else takes notice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import httpx
import psutil
import pytest

from domain.access_request import RequestExpired
from tests.faults import oracle
from tests.faults.clocks import SteppedClock
from tests.faults.own_postgres import OwnPostgres
from tests.faults.people import DESK
from tests.faults.scene import Scene, scene, serving
from tests.mcp.wire import Wire
from tests.workers.family import workers

pytestmark = pytest.mark.anyio
STEP = timedelta(hours=2)
QUIET_SECONDS = 2.0
BUSY = 0.5


async def asked(one: Scene, desks: Sequence[str]) -> list[str]:
    """Ask for places at the desk; return the requests."""
    async with httpx.AsyncClient(timeout=60) as http:
        wire = Wire(http, one.server.issuer, one.cast.people[0].token)
        done = [
            await wire.ask(
                "submit_access_request",
                app_id=DESK,
                requestable_permission_ids=[name],
                business_justification="To sit",
            )
            for name in desks
        ]
    return [str(each["access_requests"][0]["id"]) for each in done]


async def statuses(one: Scene, requests: Sequence[str]) -> set[str]:
    async with httpx.AsyncClient(timeout=60) as http:
        wire = Wire(http, one.server.issuer, one.cast.people[0].token)
        found = [
            await wire.ask("list_access_requests", access_request_id=each) for each in requests
        ]
    return {each["items"][0]["status"] for each in found}


async def guest_is(one: Scene, *, admitted: bool) -> None:
    """Wait until the guest's token, which is good for half an hour from the beginning, is or is not good by the
    clock of whichever worker is asked: each finds the step for itself."""
    wanted = httpx.codes.OK if admitted else httpx.codes.UNAUTHORIZED
    asking = {"name": "list_access_requests", "arguments": {}}
    wells = 0
    async with asyncio.timeout(oracle.DEADLINE):
        while wells < oracle.LOOKS:
            async with httpx.AsyncClient(timeout=60) as http:
                wire = Wire(http, one.server.issuer, one.cast.guest.token)
                answer = await wire.request("tools/call", asking)
            wells = wells + 1 if answer.status_code == wanted else 0
            await asyncio.sleep(0 if wells else 0.1)


async def rests(one: Scene) -> None:
    """Wait until every worker has little to do: a loop that cannot sleep by a clock that went back never has."""
    async with asyncio.timeout(oracle.DEADLINE):
        busy = 1.0
        while busy > BUSY:
            watched = [psutil.Process(pid) for pid in workers(one.server)]
            before = [sum(each.cpu_times()[:2]) for each in watched]
            await asyncio.sleep(QUIET_SECONDS)
            after = [sum(each.cpu_times()[:2]) for each in watched]
            used = [late - early for early, late in zip(before, after, strict=True)]
            busy = max(used) / QUIET_SECONDS


async def test_a_clock_that_steps_ahead_and_back_lets_pass_what_it_has_passed_and_nothing_twice(
    tmp_path: Path, postgres: OwnPostgres
) -> None:
    clock = SteppedClock(tmp_path / "clock")
    server = serving(tmp_path / "data", postgres.url, 2, **clock.settings)
    # The clients' tokens last for the whole test, whichever way the clock steps.
    with scene(server, STEP, by_id=True) as one:
        async with one.at_work():
            early, late = await asked(one, one.cast.desks[:5]), list[str]()
            for _ in range(2):
                clock.step(STEP)
                await guest_is(one, admitted=False)
                async with asyncio.timeout(oracle.DEADLINE):
                    while await statuses(one, early) != {"EXPIRED"}:
                        await asyncio.sleep(0.1)
                late = late or await asked(one, one.cast.desks[5:10])
                await one.moves()
                clock.step(timedelta())
                await guest_is(one, admitted=True)
                await one.moves()
            # By neither clock has their hour passed.
            assert "EXPIRED" not in await statuses(one, late)
        await rests(one)
    lapsed = Counter(
        each.envelope.event.request_id
        for each in oracle.logged(postgres.url)
        if isinstance(each.envelope.event, RequestExpired)
    )
    assert lapsed == Counter(early)
