"""The prompts, resources and completions that the conformance suite asks for, as its scenarios describe them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from domain.ports import Rows
from server.bearer import AccessGrant
from server.mcp.answers import Json
from server.mcp.completions import Completions, Filling, Values
from server.mcp.offering import Offering
from server.mcp.prompts.definitions import (
    Message,
    PromptArgument,
    PromptDefinition,
    ServedPrompt,
    Write,
    said,
)
from server.mcp.prompts.serving import Prompts
from server.mcp.resources.definitions import Contents, ResourceDefinition, TemplateDefinition
from server.mcp.resources.shelf import Shelf
from server.mcp.tools import READING, Toolset
from tests.conformance_server.tools import IMAGE, PNG, SWITCHED_TOOL

FIXED = {
    "test://static-text": Contents(
        "test://static-text", "text/plain", "This is the content of the static text resource."
    ),
    "test://static-binary": Contents("test://static-binary", "image/png", blob=PNG),
}
TEMPLATE = re.compile(r"test://template/([^/]+)/data")


class Fixtures:
    """The resources."""

    def listed(self, _rows: Rows, _grant: AccessGrant) -> Sequence[ResourceDefinition]:
        """Return those with a URI of their own."""
        return [
            ResourceDefinition(uri, uri, uri, "A resource that never changes.", one.mime_type)
            for uri, one in FIXED.items()
        ]

    def templates(self) -> Sequence[TemplateDefinition]:
        """Return the form of the others."""
        uri, said_of_it = "test://template/{id}/data", "Data about an id."
        return [TemplateDefinition(uri, uri, uri, said_of_it, "application/json")]

    def read(self, _rows: Rows, _grant: AccessGrant, uri: str) -> Contents | None:
        """Return what stands in one."""
        found = TEMPLATE.fullmatch(uri)
        if found is None:
            return FIXED.get(uri)
        key = found.group(1)
        data = {"id": key, "templateTest": True, "data": f"Data for ID: {key}"}
        return Contents(uri, "application/json", json.dumps(data))


def with_arguments(given: Mapping[str, str]) -> Sequence[Message]:
    """Repeat the arguments."""
    told = ", ".join(f"{name}='{value}'" for name, value in given.items())
    return said(f"Prompt with arguments: {told}")


def with_resource(given: Mapping[str, str]) -> Sequence[Message]:
    """Hold a resource of the given URI."""
    text = "Embedded resource content for testing."
    resource = {"uri": given["resourceUri"], "mimeType": "text/plain", "text": text}
    block: Json = {"type": "resource", "resource": resource}
    return Message(block), *said("Please process the embedded resource above.")


def prompt(name: str, write: Write, *arguments: str) -> ServedPrompt:
    """Return a prompt."""
    taken = tuple(PromptArgument(one, one, f"The {one}.", required=True) for one in arguments)
    definition = PromptDefinition(name, name, f"What the suite wants of {name}.", taken)
    return ServedPrompt(definition, write)


PROMPTS = (
    prompt("test_simple_prompt", lambda _given: said("This is a simple prompt for testing.")),
    prompt("test_prompt_with_arguments", with_arguments, "arg1", "arg2"),
    prompt("test_prompt_with_embedded_resource", with_resource, "resourceUri"),
    prompt(
        "test_prompt_with_image",
        lambda _given: (Message(IMAGE), *said("Please analyze the image above.")),
    ),
    ServedPrompt(
        PromptDefinition("test_switched_prompt", "A prompt that comes and goes", "Nothing else."),
        lambda _given: said("This prompt is there for now."),
        (SWITCHED_TOOL,),
    ),
)


def begun(_rows: Rows, _grant: AccessGrant, filling: Filling) -> Values:
    """Complete with what begins so."""
    return Values((f"{filling.value}ing",), 1)


def offering(tools: Toolset) -> Offering:
    """Return all of it."""
    prompts = Prompts(PROMPTS, tools)
    completions = Completions(prompts, {"arg1": begun}, {})
    return Offering(prompts, Shelf([Fixtures()]), completions, READING)
