"""What an agent has to read is small: each of these stands in a model's context, and is paid for with each of
its turns. Clients hand a model a tool's text or its fields, seldom both, and its output schema hardly ever;
here all of it counts."""

from __future__ import annotations

import json

import pytest

from server.mcp.instructions import INSTRUCTIONS
from tests.mcp.tokens import tokens_in
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.web import Web

pytestmark = pytest.mark.anyio
BUDGETS = {
    "tools/list of an employee": 4_700,
    "the same without output schemas": 1_950,
    "prompts/list": 400,
    "instructions": 160,
    "text of a submission": 70,
    "fields of a submission": 480,
    "text of ten requests": 550,
    "fields of ten requests": 3_600,
    "text of a search": 40,
    "fields of a search": 200,
    "a prompt": 260,
}
"""In tokens, with some room; what grows beyond has to be worth it."""


@pytest.fixture
def database_url() -> str:
    """One database: it is words that are counted."""
    return "sqlite:///:memory:"


async def read(wire: Wire) -> dict[str, str]:
    """Return what an agent reads, by what it is."""
    tools = (await wire.result("tools/list"))["tools"]
    known = [{key: one[key] for key in one.keys() - {"outputSchema"}} for one in tools]
    asked = {"app_id": "wiki", "business_justification": "To write the release notes"}
    submitted = await wire.call("submit_access_request", **asked)
    listed = await wire.call("list_access_requests", size=10)
    found = await wire.call("search_requestable_permissions", search_term="reader")
    ten = {**listed["structuredContent"], "items": listed["structuredContent"]["items"] * 10}
    arguments = {"what": "to read reports", "app": "Sales CRM", "duration": "30 days"}
    prompt = await wire.result("prompts/get", name="request_access", arguments=arguments)
    return {
        "tools/list of an employee": told(tools),
        "the same without output schemas": told(known),
        "prompts/list": told((await wire.result("prompts/list"))["prompts"]),
        "instructions": INSTRUCTIONS["/mcp/user"],
        "text of a submission": submitted["content"][0]["text"],
        "fields of a submission": told(submitted["structuredContent"]),
        "text of ten requests": listed["content"][0]["text"] * 10,
        "fields of ten requests": told(ten),
        "text of a search": found["content"][0]["text"],
        "fields of a search": told(found["structuredContent"]),
        "a prompt": told(prompt["messages"]),
    }


def told(value: object) -> str:
    """Return JSON as it goes over the wire."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_what_an_agent_reads_is_within_its_budget(web: Web, era: str) -> None:
    taken = {name: tokens_in(text) for name, text in (await read(await web.wire(era=era))).items()}
    assert taken.keys() == BUDGETS.keys()
    over = {name: count for name, count in taken.items() if count > BUDGETS[name]}
    loose = {name: count for name, count in taken.items() if count < BUDGETS[name] / 2}
    assert (over, loose) == ({}, {}), taken


def test_an_administrators_instructions_are_as_short() -> None:
    assert tokens_in(INSTRUCTIONS["/mcp/admin"]) <= BUDGETS["instructions"]


def test_the_counting_is_that_of_a_tokenizer() -> None:
    """Counted with o200k_base."""
    schema = '{"type":"string","minLength":1,"maxLength":200}'
    request = '{"id":"01a21fe2-db51-712f-b627-01a1ba85fab3","requested_at":"2026-11-28T02:01:33Z"}'
    for text, counted in ((schema, 15), (request, 41)):
        assert abs(tokens_in(text) - counted) <= counted * 0.15
