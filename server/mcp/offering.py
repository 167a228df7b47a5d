"""What the server of one resource offers beside its tools: prompts, resources and completions. What there is
none of is not offered: its methods are unknown, and no capability speaks of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from domain.ports import Rows
from domain.values import Scopes
from server.bearer import AccessGrant
from server.mcp.admission import Admission
from server.mcp.completions import Completions, Filling
from server.mcp.gate import Gate, Needs
from server.mcp.prompts.serving import Prompts
from server.mcp.protocol.exchanges import (
    COMPLETE,
    GET_PROMPT,
    LIST_PROMPTS,
    LIST_RESOURCES,
    LIST_TEMPLATES,
    READ_RESOURCE,
)
from server.mcp.protocol.identity import Json
from server.mcp.protocol.messages import (
    Asked,
    CompleteParams,
    PromptParams,
    PromptRef,
    ReadParams,
)
from server.mcp.resources.shelf import Shelf
from server.reads import Reads

Query = Callable[[Rows, AccessGrant], Json]
"""Finds a result, without the members that depend on the era."""
PERSONAL = frozenset({LIST_RESOURCES, READ_RESOURCE, COMPLETE})
"""Methods whose answers hold what is the caller's, or what only he may see."""
CACHED = frozenset({LIST_PROMPTS, LIST_RESOURCES, LIST_TEMPLATES, READ_RESOURCE})
"""Methods whose results say in the modern era how long they may be kept."""


@dataclass(frozen=True, slots=True)
class Offering:
    """What is offered; `scopes` are those that it takes to be told what is `PERSONAL`. `instructions` are
    told to agents in the place of the resource's own, where there are any."""

    prompts: Prompts | None = None
    resources: Shelf | None = None
    completions: Completions | None = None
    scopes: Scopes = ()
    instructions: str = ""

    @property
    def methods(self) -> frozenset[str]:
        """The methods that there are."""
        return frozenset(
            [LIST_PROMPTS, GET_PROMPT] * (self.prompts is not None)
            + [LIST_RESOURCES, LIST_TEMPLATES, READ_RESOURCE] * (self.resources is not None)
            + [COMPLETE] * (self.completions is not None)
        )

    @property
    def capabilities(self) -> Json:
        """What a server says that it can, beside its tools."""
        can: Json = {}
        if self.prompts is not None:
            can["prompts"] = {"listChanged": False}
        if self.resources is not None:
            can["resources"] = {"subscribe": False, "listChanged": False}
        if self.completions is not None:
            can["completions"] = {}
        return can

    def needs(self, method: str) -> Needs:
        """Return what says which scopes a caller needs for a method."""
        return lambda _grant: self.scopes if method in PERSONAL & self.methods else ()

    def query(self, method: str, asked: Asked | None) -> Query:
        """Return what finds the answer to one of the `methods`; raises `BadQuestion`."""
        match asked:
            case PromptParams():
                return self.prompt(asked.name, asked.arguments or {})
            case ReadParams():
                return self.contents(asked.uri)
            case CompleteParams():
                others = (asked.context.arguments if asked.context else None) or {}
                filling = Filling(asked.argument.name, asked.argument.value, others)
                of_prompt = isinstance(asked.ref, PromptRef)
                ref = asked.ref.name if isinstance(asked.ref, PromptRef) else asked.ref.uri
                return self.values(ref, filling, of_prompt=of_prompt)
            case _:
                return self.listing(method)

    def listing(self, method: str) -> Query:
        """Return what lists prompts, resources or templates."""
        prompts, shelf = self.prompts, self.resources
        if method == LIST_PROMPTS:
            assert prompts is not None  # noqa: S101 - it is among the methods
            return lambda _rows, grant: prompts.listed(grant)
        assert shelf is not None  # noqa: S101 - likewise
        if method == LIST_RESOURCES:
            return shelf.listed
        return lambda _rows, _grant: shelf.templates()

    def prompt(self, name: str, arguments: dict[str, str]) -> Query:
        """Return what writes a prompt."""
        prompts = self.prompts
        assert prompts is not None  # noqa: S101 - its method is offered
        return lambda _rows, grant: prompts.get(name, arguments, grant)

    def contents(self, uri: str) -> Query:
        """Return what reads a resource."""
        shelf = self.resources
        assert shelf is not None  # noqa: S101 - its method is offered
        return lambda rows, grant: shelf.read(rows, grant, uri)

    def values(self, ref: str, filling: Filling, *, of_prompt: bool) -> Query:
        """Return what completes an argument of a prompt, or a variable of a template."""
        completions = self.completions
        assert completions is not None  # noqa: S101 - its method is offered
        return lambda rows, grant: completions.complete(
            rows, grant, ref, filling, of_prompt=of_prompt
        )


NOTHING_BESIDE = Offering()


class Answering:
    """Runs queries of an offering, each in the read that verifies the token, as tools' queries are run."""

    def __init__(self, offering: Offering, reads: Reads, gate: Gate) -> None:
        self.offering = offering
        self.methods = offering.methods
        self._reads = reads
        self._admission = Admission(reads, gate)

    async def __call__(self, token: str, method: str, query: Query) -> Json:
        """Answer the bearer of a token; raises `NotAdmitted` or `BadQuestion`."""
        grant, found = await self._admission.asking(token, self.offering.needs(method), query)
        return await self.run(grant, query) if found is None else found

    async def admitted(self, token: str, method: str) -> AccessGrant:
        """Return who asks by a method, if he may; raises `NotAdmitted`."""
        return await self._admission.admitted(token, self.offering.needs(method))

    async def run(self, grant: AccessGrant, query: Query) -> Json:
        """Answer a caller who was admitted; raises `BadQuestion`."""
        return await self._reads.query(lambda rows: query(rows, grant))
