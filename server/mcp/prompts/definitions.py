"""What a client is told of prompts and gets of one, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from server.mcp.definitions import Icon, extras

Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class PromptArgument:
    """What a person fills in."""

    name: str
    title: str
    description: str
    required: bool = False

    def fields(self) -> Fields:
        """Return the argument as the protocol carries it."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "required": self.required,
        }


@dataclass(frozen=True, slots=True)
class PromptDefinition:
    """A prompt as it is listed."""

    name: str
    title: str
    description: str
    arguments: tuple[PromptArgument, ...] = ()
    icons: tuple[Icon, ...] = ()
    meta: Mapping[str, object] | None = None

    def fields(self) -> Fields:
        """Return the prompt as the protocol carries it."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "arguments": [one.fields() for one in self.arguments],
            **extras(self.icons, self.meta),
        }


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt: who says it, and a block of content."""

    content: Mapping[str, object]
    role: str = "user"

    def fields(self) -> Fields:
        """Return the message as the protocol carries it."""
        return {"role": self.role, "content": dict(self.content)}


Write = Callable[[Mapping[str, str]], Sequence[Message]]
"""Returns the messages for what was filled in; nothing is there of an argument that was not."""


@dataclass(frozen=True, slots=True)
class ServedPrompt:
    """A prompt, what writes it, and the tools that its text has the agent call."""

    definition: PromptDefinition
    write: Write
    tools: tuple[str, ...] = ()


def said(text: str) -> tuple[Message, ...]:
    """Return a text as the one message of a prompt."""
    return (Message({"type": "text", "text": text}),)
