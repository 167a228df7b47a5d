"""Running a tool for the bearer of a token. A tool that only asks runs in the same read of the store
that verifies the token, so that both see one moment and the way to the store is gone once. What a tool
answers or refuses becomes a `ToolResult`, which any form of the protocol can carry: a refusal is a tool
error that the model reads; only a name that is no tool of the caller's is an error of the protocol,
whether or not the tool exists for somebody else."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.errors import Refused
from domain.ports import Rows, Unavailable
from server.bearer import AccessGrant
from server.mcp.admission import Admission
from server.mcp.answers import Answer, Json
from server.mcp.arguments import BadArguments
from server.mcp.elicitation import Call, question, with_answers
from server.mcp.gate import Gate
from server.mcp.offering_faults import BadQuestion
from server.mcp.tools import ServedTool, Toolset
from server.overload import UNAVAILABLE
from server.reads import Reads
from server.seldom import Seldom

INVALID_ARGUMENTS = "invalid_arguments"
_log = logging.getLogger(__name__)
_log.addFilter(Seldom())
TOLD = (BadArguments, Refused, Unavailable)
"""What a tool may fail with so that the model is told."""


class UnknownTool(BadQuestion):
    """There is no tool of this name for the caller."""

    def __init__(self) -> None:
        super().__init__("There is no such tool.")


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call came to: a text, the same as fields unless it is a refusal (then its `code`), or else
    a form for the person."""

    text: str
    fields: Json | None = None
    form: Json | None = None
    code: str = ""

    @property
    def content(self) -> Mapping[str, object]:
        """The members of the result, without those that every result has."""
        if self.form is not None:
            return {"resultType": "input_required", "inputRequests": self.form}
        content: Json = {"content": [{"type": "text", "text": self.text}]}
        if self.fields is not None:
            content["structuredContent"] = self.fields
        content["isError"] = self.fields is None
        return content


class Calls:
    """Runs the tools of one resource."""

    def __init__(self, tools: Toolset, reads: Reads, gate: Gate) -> None:
        self._tools = tools
        self._reads = reads
        self._admission = Admission(reads, gate)

    async def __call__(self, token: str, call: Call) -> ToolResult:
        """Run a tool for the bearer of a token; raises `NotAdmitted` or `UnknownTool`."""
        tool = self._tools.named(call.name)
        if tool is None or tool.query is None:
            return await self._run(await self.admitted(token, call.name), call)

        def ask(rows: Rows, grant: AccessGrant) -> ToolResult:
            return _asked(rows, grant, tool, call)

        grant, result = await self._admission.asking(token, self._tools.needs(call.name), ask)
        return await self._run(grant, call) if result is None else result

    async def admitted(self, token: str, tool_name: str = "") -> AccessGrant:
        """Return what a token lets its bearer do; raises `NotAdmitted` where a tool needs more."""
        return await self._admission.admitted(token, self._tools.needs(tool_name))

    async def run(self, grant: AccessGrant, call: Call) -> ToolResult:
        """Run a tool for a caller who was admitted; raises `UnknownTool`."""
        return await self._run(grant, call)

    async def _run(self, grant: AccessGrant, call: Call) -> ToolResult:
        tool = self._tools.find(call.name, grant)
        if tool is None:
            raise UnknownTool
        query = tool.query
        if query is not None:
            return await self._reads.query(lambda rows: _asked(rows, grant, tool, call))
        return await _done(grant, tool, call)


def _asked(rows: Rows, grant: AccessGrant, tool: ServedTool, call: Call) -> ToolResult:
    assert tool.query is not None  # noqa: S101 - the caller has looked
    if not tool.is_for(grant):
        raise UnknownTool
    try:
        return _result(call, tool.query(rows, grant, tool.check(with_answers(call))))
    except TOLD as fault:
        return _refusal(fault)


async def _done(grant: AccessGrant, tool: ServedTool, call: Call) -> ToolResult:
    run: Callable[[AccessGrant, Mapping[str, Any]], Awaitable[Answer]] | None = tool.run
    try:
        arguments = tool.check(with_answers(call))
        if tool.act is not None:
            return _result(call, await tool.act(grant, arguments, call))
        assert run is not None  # noqa: S101 - a tool asks or acts
        return _result(call, await run(grant, arguments))
    except TOLD as fault:
        return _refusal(fault)


def _result(call: Call, answer: Answer) -> ToolResult:
    form = (answer.form or question(answer)) if call.can_ask else None
    return ToolResult(answer.text, answer.fields, form)


def _refusal(fault: Exception) -> ToolResult:
    if isinstance(fault, BadArguments):
        return ToolResult(f"{INVALID_ARGUMENTS}: {fault}", code=INVALID_ARGUMENTS)
    if isinstance(fault, Refused):
        return ToolResult(f"{fault.code}: {fault.sentence}", code=fault.code)
    _log.warning("a tool call met an outage: %s", fault)
    said = f"{UNAVAILABLE}: Doorward cannot reach its store; try again in a moment."
    return ToolResult(said, code=UNAVAILABLE)
