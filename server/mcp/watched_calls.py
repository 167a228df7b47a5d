"""The running of tools, watched: calls are counted by what became of them, and each is a span of the trace that
its `_meta` names (SEP-414), else of the HTTP request that brought it. Names are those of OpenTelemetry's
conventions for MCP; arguments and answers are in no span."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable

from domain.ports import Unavailable
from server.bearer import AccessGrant
from server.mcp.calls import Calls, ToolResult, UnknownTool
from server.mcp.elicitation import Call
from server.mcp.gate import Gate, NotAdmitted
from server.mcp.tools import Toolset
from server.reads import Reads
from server.telemetry import catalogue
from server.telemetry.current import current_traceparent, within
from server.telemetry.spans import Part
from server.telemetry.telemetry import Telemetry

ANSWERED, FORM, REFUSED, FAILED = "answered", "form", "refused", "failed"
NOT_ADMITTED, UNKNOWN_TOOL, UNAVAILABLE = "not_admitted", "unknown_tool", "unavailable"
HUNG_UP = "hung_up"
"""The client has gone before it had its answer."""
RATE_LIMITED, TOO_MANY = "rate_limited", 429
NO_TOOL = "unknown"
CALLS, SECONDS = catalogue.MCP_CALLS.name, catalogue.MCP_CALL_SECONDS.name
MODERN_ERA, HANDSHAKE_ERA = "modern", "handshake"


class WatchedCalls(Calls):
    """Runs tools as `Calls` does."""

    def __init__(
        self, tools: Toolset, reads: Reads, gate: Gate, resource: str, telemetry: Telemetry
    ) -> None:
        super().__init__(tools, reads, gate)
        self._resource = resource
        self._meters = telemetry.meters
        self._tracing = telemetry.tracing

    async def __call__(self, token: str, call: Call) -> ToolResult:
        """Run a tool for the bearer of a token."""
        return await self._watched(call, super().__call__(token, call))

    async def run(self, grant: AccessGrant, call: Call) -> ToolResult:
        """Run a tool for a caller who was admitted."""
        return await self._watched(call, super().run(grant, call))

    async def _watched(self, call: Call, running: Awaitable[ToolResult]) -> ToolResult:
        tool = call.name if self._tools.named(call.name) else NO_TOOL
        era = MODERN_ERA if call.modern else HANDSHAKE_ERA
        outcome, code, began = FAILED, "", time.perf_counter()
        try:
            if call.traceparent is None and not self._tracing.on:
                result = await running
            else:
                result = await self._traced(call, tool, era, running)
            outcome, code = _became(result)
        except BaseException as fault:
            outcome = _failed(fault)
            raise
        else:
            return result
        finally:
            self._meters.count(CALLS, self._resource, tool, era, outcome, code)
            self._meters.observe(SECONDS, time.perf_counter() - began, tool, era)

    async def _traced(
        self, call: Call, tool: str, era: str, running: Awaitable[ToolResult]
    ) -> ToolResult:
        span = self._tracing.begin(
            f"tools/call {tool}",
            call.traceparent or current_traceparent(),
            Part.SERVER,
            {
                "mcp.method.name": "tools/call",
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": tool,
                "doorward.mcp.era": era,
            },
        )
        error = FAILED
        try:
            with within(span.traceparent):
                result = await running
            error = result.code
        except BaseException as fault:
            error = _failed(fault)
            raise
        else:
            return result
        finally:
            span.end(error=error)


def _became(result: ToolResult) -> tuple[str, str]:
    if result.code:
        return REFUSED, result.code
    return (ANSWERED if result.form is None else FORM), ""


def _failed(fault: BaseException) -> str:
    match fault:
        case asyncio.CancelledError():
            return HUNG_UP
        case NotAdmitted():
            return RATE_LIMITED if fault.reply.status == TOO_MANY else NOT_ADMITTED
        case UnknownTool():
            return UNKNOWN_TOOL
        case Unavailable():
            return UNAVAILABLE
        case _:
            return FAILED
