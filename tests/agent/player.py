"""An agent without a model: it takes a person's question to a submitted request by a few fixed rules. It reads
nothing but what the tools answer, so that where it gets shows how far our answers lead by themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mcp import Client

MOST_CALLS, MOST_TOKENS = 3, 4_000
CHARACTERS_OF_A_TOKEN = 3.5
"""Of our answers GPT-4o's vocabulary (o200k_base) takes 4.0 characters at a time, and never fewer than 3.58
in one answer: what is counted here is too much rather than too little."""
SURE, FAIR = "strong", "partial"
HITS = 5
Fields = dict[str, Any]
Wanted = tuple[str, str]
"""An app and one of its permissions."""


@dataclass
class Player:
    """Plays an agent for one question. `requested` is the permission that it submitted, None where it would
    rather ask the person; `calls` and `tokens` are what that took."""

    client: Client
    question: str
    requested: str | None = None
    calls: list[str] = field(default_factory=list)
    tokens: float = 0

    async def play(self) -> Player:
        """Go from the question to a request, or give up."""
        permission = await self._chosen()
        if permission is not None:
            await self._submitted(*permission)
        return self

    async def _chosen(self) -> Wanted | None:
        """Return what the answers point to: the first hit of a search that is sure of itself. Where it is not,
        look in the other list too, and believe that one if it is surer."""
        found = await self._asked(
            "search_requestable_permissions", search_term=self.question, size=HITS
        )
        first = next(((one["app_id"], one["id"]) for one in found["items"]), None)
        if found["match"] == SURE:
            return first
        apps = await self._asked("search_apps", name_search=self.question, size=HITS)
        other = next(
            (
                (one["id"], one["matching_permissions"][0]["id"])
                for one in apps["items"]
                if one["matching_permissions"]
            ),
            None,
        )
        if apps["match"] == SURE and other is not None:
            return other
        if found["match"] == FAIR:
            return first
        return other if apps["match"] == FAIR and not apps["unmatched"] else None

    async def _submitted(self, app: str, permission: str) -> None:
        wanted = {
            "app_id": app,
            "requestable_permission_ids": [permission],
            "business_justification": self.question,
        }
        told = await self._asked("submit_access_request", **wanted)
        if told["outcome"] == "needs_input":
            told = await self._asked(
                "submit_access_request", **wanted, **answers_to(told["missing_fields"])
            )
        for request in told["access_requests"]:
            self.requested = request["requestable_permissions"][0]["id"]

    async def _asked(self, tool: str, **arguments: object) -> Fields:
        self.calls.append(tool)
        result = await self.client.call_tool(tool, arguments)
        self.tokens += len(result.model_dump_json(exclude_none=True)) / CHARACTERS_OF_A_TOKEN
        assert not result.is_error, (self.question, result.content)
        assert result.structured_content is not None
        fields: Fields = result.structured_content
        return fields


def answers_to(missing: Fields) -> Fields:
    """Fill in a form by its schema: the first of what may be picked, or else a few words."""
    filled = [
        {"id": name, "response": str(one.get("enum", ["As the question says."])[0])}
        for name, one in missing["properties"].items()
    ]
    return {"custom_fields": filled}
