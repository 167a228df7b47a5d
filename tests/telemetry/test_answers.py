"""Commands of integrations: part of the trace that their message names, counted by what became of them."""

from __future__ import annotations

import pytest

from adapters.command_subjects import from_request, from_stream
from domain.ports import CommandOutcome, InboundCommand, Poison, Unavailable
from domain.trace_context import Traceparent, traceparent
from domain.values import Via
from server.telemetry.answers import WatchedAnswers
from server.telemetry.current import current_traceparent, within
from server.telemetry.shown import ShownMetrics
from server.telemetry.spans import UNTRACED
from server.telemetry.tallies import Tallies
from tests.telemetry.scraping import parsed
from tests.telemetry.test_trace_context import GOOD, HOSTILE

pytestmark = pytest.mark.anyio
SUBJECT = "doorward.main.cmd.decide.tickets.crm.r-1"
OTHER = GOOD.replace("4bf9", "5bf9")


def inbound(trace: Traceparent | None = None) -> InboundCommand:
    return InboundCommand(Via.NATS, "tickets", "decide", "crm", "r-1", b"{}", trace)


def test_that_of_the_message_comes_with_the_command() -> None:
    headers = {"traceparent": GOOD}
    assert from_stream("main", SUBJECT, headers, b"{}").traceparent == GOOD
    assert from_request("main", "doorward.main.api.x.decide", headers, b"{}").traceparent == GOOD
    assert from_stream("main", SUBJECT, None, b"{}").traceparent is None


@pytest.mark.parametrize("sent", [one for one in HOSTILE if isinstance(one, str)], ids=repr)
def test_a_hostile_one_is_dropped(sent: str) -> None:
    assert from_stream("main", SUBJECT, {"traceparent": sent}, b"{}").traceparent is None


async def test_what_answers_is_part_of_the_messages_trace_else_of_the_requests() -> None:
    seen: list[str | None] = []

    async def answer(command: InboundCommand) -> CommandOutcome:
        seen.append(current_traceparent())
        return CommandOutcome("c", command.request_id, accepted=True, code="accepted")

    watched = WatchedAnswers(answer, Tallies(), UNTRACED)
    with within(traceparent(OTHER)):
        await watched(inbound(traceparent(GOOD)))
        await watched(inbound())
    await watched(inbound())
    assert seen == [GOOD, OTHER, None]


async def test_commands_are_counted_by_what_became_of_them() -> None:
    tallies, shown = Tallies(), ShownMetrics()
    outcomes: list[CommandOutcome | Exception] = [
        CommandOutcome("c", "r", accepted=True, code="accepted"),
        CommandOutcome("c", "r", accepted=True, code="accepted", replayed=True),
        CommandOutcome("c", "r", accepted=False, code="own_request"),
        Poison("it is no JSON"),
        Unavailable("no store"),
    ]

    async def answer(_command: InboundCommand) -> CommandOutcome:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    watched = WatchedAnswers(answer, tallies, UNTRACED)
    for _ in range(3):
        await watched(inbound())
    with pytest.raises(Poison):
        await watched(inbound())
    with pytest.raises(Unavailable):
        await watched(inbound())
    tallies.move(shown)
    metrics = parsed(shown.text("", [])[0].decode())
    for code in ("accepted", "replayed", "own_request", "poison", "failed"):
        count = "doorward_integration_commands_total"
        assert metrics.value(count, via="nats", kind="decide", code=code) == 1
