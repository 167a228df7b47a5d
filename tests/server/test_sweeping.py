"""First answers are known for as long as was promised, and then they go, whatever else is in their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.access_request import CancelRequest
from domain.duties import SWEEPING
from domain.errors import IdempotencyKeyReused
from domain.ports import CommandOutcome, InboundCommand, Rows, Value
from domain.values import RequestId
from server import idempotency, sweeping
from server.audit.looking_back.moments import MOST_DELAYED
from server.background import watches
from server.command_bus import CommandContext, Executed
from server.idempotency import Idempotency
from server.integrations.command_outcomes import keep_outcome, known_outcome
from server.sweeping import OUTCOMES_KEPT, Sweeping
from server.wiring import System
from tests.contracts.test_plans import Watched
from tests.seeds import ALICE, CONTEXT, READER, WRITER, submission
from tests.times import NOW

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)
KEPT = idempotency.KEPT
SLACK = MOST_DELAYED


def sweeper(system: System, since: timedelta) -> Sweeping:
    """Return what sweeps as at a time after the test's moment."""
    return Sweeping(system.rota.watch(SWEEPING), system.reads, system.store, lambda: NOW + since)


def keyed(key: str, body: str, since: timedelta = timedelta(), scope: str = "s") -> CommandContext:
    return replace(CONTEXT, now=NOW + since, idempotency=Idempotency(scope, key, body))


async def ask(system: System, name: str, context: CommandContext, **changes: object) -> Executed:
    return await system.bus.execute(submission(name, **changes), context)


async def cancel(system: System, name: str, since: timedelta) -> None:
    """Let something happen, so that the log has an event of that time."""
    wish = CancelRequest(RequestId(name), ALICE, "No", NOW + since)
    await system.bus.execute(wish, replace(CONTEXT, now=NOW + since))


def keys(system: System) -> list[tuple[str, str]]:
    sql = "SELECT scope, key FROM idempotency_key ORDER BY scope, key"
    return system.reads.blocking(lambda rows: [(str(a), str(b)) for a, b in rows.select(sql)])


async def test_a_key_is_known_for_its_time_and_then_stands_for_a_new_command(
    system: System,
) -> None:
    first = await ask(system, "r-1", keyed("k", "one"))
    await cancel(system, "r-1", DAY)
    assert await sweeper(system, KEPT).sweep() == 0
    with pytest.raises(IdempotencyKeyReused):
        await ask(system, "r-2", keyed("k", "other"))
    assert (await ask(system, "r-2", keyed("k", "one"))).replayed
    assert await sweeper(system, KEPT + DAY + SLACK).sweep() == 1
    again = await ask(system, "r-2", keyed("k", "one", KEPT + 2 * DAY))
    assert (again.replayed, again.changed) == (False, True)
    assert again.stream != first.stream


async def test_an_equal_request_that_is_open_is_found_without_its_key(system: System) -> None:
    first = await ask(system, "r-1", keyed("k", "one"))
    await ask(system, "r-2", replace(CONTEXT, now=NOW + DAY), permission_ids=(WRITER,))
    assert await sweeper(system, KEPT + DAY + SLACK).sweep() == 1
    again = await ask(system, "r-3", keyed("k", "one", DAY))
    assert (again.stream, again.changed, again.replayed) == (first.stream, False, False)


async def test_a_key_that_changed_nothing_is_as_old_as_its_use_and_not_as_the_log(
    system: System,
) -> None:
    """It bears the position of an event that was there before, as old as may be."""
    await ask(system, "r-1", CONTEXT)
    late = KEPT - DAY
    assert not (await ask(system, "r-2", keyed("k", "one", late))).changed
    assert await sweeper(system, KEPT + DAY).sweep() == 0
    assert (await ask(system, "r-2", keyed("k", "one", late))).replayed
    await cancel(system, "r-1", late + DAY)
    assert await sweeper(system, late + DAY + KEPT + SLACK).sweep() == 1


async def test_old_keys_go_from_among_young_ones_page_by_page(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "PAGE", 2)
    young, old = 2 * DAY, timedelta()
    await ask(system, "r-1", keyed("a", "one", scope="p 1"))
    for number, scope in enumerate(("p 1", "p 2", "p 3")):
        for key in ("b", "ä☃"):
            await ask(system, f"o-{number}{key}", keyed(key, "one", old, scope))
    await cancel(system, "r-1", DAY)
    await ask(system, "r-2", keyed("c", "one", young, "p 2"), permission_ids=(READER,))
    await ask(system, "r-3", keyed("d", "one", young, "p 4"))
    assert await sweeper(system, KEPT + DAY + SLACK).sweep() == 7
    assert keys(system) == [("p 2", "c"), ("p 4", "d")]
    assert await sweeper(system, KEPT + DAY + SLACK).sweep() == 0


async def test_the_outcome_of_an_integrations_command_is_known_for_ninety_days(
    system: System,
) -> None:
    def keep(name: str, since: timedelta) -> None:
        outcome = CommandOutcome(name, "r-1", accepted=True, code="accepted")
        system.bus.call_blocking(
            lambda work: keep_outcome(work.rows, "snow", "digest", outcome, NOW + since)
        )

    def known(name: str) -> bool:
        found = system.reads.blocking(
            lambda rows: known_outcome(rows, "snow", name, "r-1", "digest")
        )
        return found is not None

    keep("d-1", timedelta())
    keep("d-2", DAY)
    assert await sweeper(system, OUTCOMES_KEPT).sweep() == 0
    assert await sweeper(system, OUTCOMES_KEPT + timedelta(seconds=1)).sweep() == 1
    assert (known("d-1"), known("d-2")) == (False, True)


async def test_an_empty_log_has_nothing_to_sweep(empty_system: System) -> None:
    assert await sweeper(empty_system, 10 * KEPT).sweep() == 0


async def test_no_statement_goes_through_more_than_its_page(empty_system: System) -> None:
    """SQLite's own plans tell: each is a search by the key."""
    if not empty_system.settings.on_sqlite:
        return

    def searched(rows: Rows, sql: str, params: Sequence[Value]) -> None:
        plan = rows.select(f"EXPLAIN QUERY PLAN {sql}", params)
        told = [str(detail) for *_, detail in plan]
        assert any("SEARCH" in one for one in told), f"{told}: {sql}"
        assert not any("SCAN" in one or "TEMP B-TREE" in one for one in told), f"{told}: {sql}"

    def tried(rows: Any) -> None:
        for promises in (sweeping.KEYS, sweeping.OUTCOMES):
            promises.page(rows, 1, ("", ""))
            promises.drop(rows, 1, ("", ""))

    empty_system.bus.call_blocking(lambda work: tried(Watched(work.rows, searched)))


async def test_one_process_of_those_that_share_a_database_sweeps(empty_system: System) -> None:
    async def answer(_command: InboundCommand) -> CommandOutcome:
        raise AssertionError

    assert SWEEPING in [one.duty for one, _loop in watches(empty_system, None, answer)]


def test_what_is_promised_is_no_less_than_what_the_docs_say() -> None:
    assert (KEPT, OUTCOMES_KEPT) == (30 * DAY, 90 * DAY)
