"""The tools that the conformance suite calls, as its scenarios describe them. Those that would need of the
transport what ours leaves out are absent; the files of expected failures say which and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.feature import DisableFeature, EnableFeature
from domain.ports import Rows
from server.bearer import AccessGrant
from server.mcp.answers import Answer, Json
from server.mcp.arguments import Arguments, BadArguments
from server.mcp.calls import ToolResult
from server.mcp.definitions import ToolDefinition
from server.mcp.elicitation import Call
from server.mcp.protocol.messages import Elicited
from server.mcp.schemas.parts import READ, closed_input
from server.mcp.tools import READING, Act, Query, ServedTool, Toolset
from server.mcp.watched_calls import WatchedCalls
from server.wiring import System
from tests import seeds

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="
TEXT: Json = {"type": "text", "text": "This is a simple text response for testing."}
IMAGE: Json = {"type": "image", "data": PNG, "mimeType": "image/png"}
AUDIO: Json = {"type": "audio", "data": WAV, "mimeType": "audio/wav"}


def embedded(uri: str, mime_type: str, text: str) -> Json:
    """Return a block that holds a resource."""
    return {"type": "resource", "resource": {"uri": uri, "mimeType": mime_type, "text": text}}


BLOCKS: Mapping[str, tuple[Json, ...]] = {
    "test_simple_text": (TEXT,),
    "test_image_content": (IMAGE,),
    "test_audio_content": (AUDIO,),
    "test_embedded_resource": (
        embedded(
            "test://embedded-resource", "text/plain", "This is an embedded resource content."
        ),
    ),
    "test_multiple_content_types": (
        {"type": "text", "text": "Multiple content types test:"},
        IMAGE,
        embedded(
            "test://mixed-content-resource", "application/json", '{"test":"data","value":123}'
        ),
    ),
    "test_logging_tool": ({"type": "text", "text": "There is no log to write to."},),
}
"""What each of the tools answers that ask for nothing."""


@dataclass(frozen=True)
class Blocks(ToolResult):
    """A result of other blocks than one text."""

    blocks: tuple[Json, ...] = ()

    @property
    def content(self) -> Mapping[str, object]:
        """The members of the result."""
        return {"content": list(self.blocks), "isError": False}


class FixtureCalls(WatchedCalls):
    """Runs tools as `WatchedCalls` does; of some it answers with blocks."""

    async def _run(self, grant: AccessGrant, call: Call) -> ToolResult:
        result = await super()._run(grant, call)
        blocks = BLOCKS.get(call.name)
        return result if blocks is None else Blocks(result.text, result.fields, blocks=blocks)


def question(key: str, message: str, field: str) -> Json:
    """Return a form with one text in it."""
    schema = {"type": "object", "properties": {field: {"type": "string"}}, "required": [field]}
    params = {"mode": "form", "message": message, "requestedSchema": schema}
    return {key: {"method": "elicitation/create", "params": params}}


def said(call: Call, key: str, field: str) -> Any:
    """Return what the person has put into a form; None where he has not seen it, or has declined."""
    answered = call.responses.get(key)
    if not isinstance(answered, Elicited) or answered.action != "accept":
        return None
    return (answered.content or {}).get(field)


async def greeting(_grant: AccessGrant, _arguments: Arguments, call: Call) -> Answer:
    """Ask for a name, and greet."""
    name = said(call, "user_name", "name")
    if name is None:
        form = question("user_name", "What is your name?", "name")
        return Answer({"greeted": False}, "Tell your name.", form=form)
    return Answer({"greeted": True}, f"Hello, {name}!")


async def nothing(_grant: AccessGrant, _arguments: Arguments, _call: Call) -> Answer:
    """Answer nothing: the blocks stand elsewhere."""
    return Answer({}, "")


def refused(_rows: Rows, _grant: AccessGrant, _arguments: Arguments) -> Answer:
    """Refuse."""
    raise BadArguments("This tool intentionally returns an error for testing.")


def tool(
    name: str,
    *,
    query: Query | None = None,
    act: Act | None = None,
    feature: str | None = None,
) -> ServedTool:
    """Return a tool without arguments."""
    definition = ToolDefinition(
        name=name,
        title=name,
        description=f"What the conformance suite wants of {name}.",
        input_schema=closed_input([]),
        output_schema={"type": "object"},
        annotations=READ,
    )
    return ServedTool(definition, READING, query, act=act, feature=feature)


SWITCHED = "comment_on_access_request"
"""A feature that the suite's tools switch, and another tool and a prompt are there by."""
SWITCHED_TOOL = "test_switched_tool"


def tools_of(system: System) -> Toolset:
    """Return all of them."""

    async def switch(grant: AccessGrant, _arguments: Arguments, _call: Call) -> Answer:
        on = SWITCHED in grant.features
        command = DisableFeature(SWITCHED) if on else EnableFeature(SWITCHED)
        await system.bus.execute(command, seeds.CONTEXT)
        return Answer({"on": not on}, "Switched.")

    return Toolset(
        [
            *(tool(name, act=nothing) for name in BLOCKS),
            tool("test_error_handling", query=refused),
            tool("test_input_required_result_elicitation", act=greeting),
            tool("test_streaming_elicitation", act=greeting),
            tool("test_trigger_tool_change", act=switch),
            tool("test_trigger_prompt_change", act=switch),
            tool(SWITCHED_TOOL, act=nothing, feature=SWITCHED),
        ]
    )
