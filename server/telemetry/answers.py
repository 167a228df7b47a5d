"""Around what answers integrations' commands: counts what became of each, and lets it be part of the trace
that its message names, else of the request that brought it."""

from __future__ import annotations

from domain.ports import AnswerCommand, CommandOutcome, InboundCommand, Poison
from server.telemetry import catalogue
from server.telemetry.current import current_traceparent, within
from server.telemetry.meters import Meters
from server.telemetry.spans import Part, Tracing

POISON, FAILED, REPLAYED = "poison", "failed", "replayed"


class WatchedAnswers:
    """Answers commands as another does (`domain.ports.AnswerCommand`)."""

    def __init__(self, answer: AnswerCommand, meters: Meters, tracing: Tracing) -> None:
        self._answer = answer
        self._meters = meters
        self._tracing = tracing

    async def __call__(self, inbound: InboundCommand) -> CommandOutcome:
        """Take a command to its durable outcome."""
        parent = inbound.traceparent or current_traceparent()
        span = self._tracing.begin(f"integration {inbound.kind}", parent, Part.CONSUMER)
        code = FAILED
        try:
            with within(span.traceparent):
                outcome = await self._answer(inbound)
            code = REPLAYED if outcome.replayed else outcome.code
        except Poison:
            code = POISON
            raise
        else:
            return outcome
        finally:
            self._meters.count(
                catalogue.INTEGRATION_COMMANDS.name, inbound.via, inbound.kind, code
            )
            span.end({"doorward.outcome": code}, error=code if code in (POISON, FAILED) else "")
