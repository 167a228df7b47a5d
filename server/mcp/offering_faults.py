"""What is wrong with what was asked of tools, prompts, resources and completions as an error of the protocol:
a name that is none, or what cannot be meant."""

from __future__ import annotations

from server.mcp.protocol.replies import INVALID_PARAMS

RESOURCE_NOT_FOUND = -32002
"""Of the era of the handshake; the later one has no code of its own for it, and uses none of the old."""


class BadQuestion(Exception):  # noqa: N818 - says what is
    """Something named is not there for the caller, or does not fit; the message may be shown to him."""

    data: object = None

    def code(self, *, modern: bool) -> int:  # noqa: ARG002 - others are of another code in each era
        """Return its code in an era."""
        return INVALID_PARAMS


class UnknownResource(BadQuestion):
    """Nothing is found at a URI, or nothing that is the caller's."""

    def __init__(self, uri: str) -> None:
        super().__init__("There is no such resource.")
        self.data = {"uri": uri}

    def code(self, *, modern: bool) -> int:
        """Return its code in an era."""
        return INVALID_PARAMS if modern else RESOURCE_NOT_FOUND
