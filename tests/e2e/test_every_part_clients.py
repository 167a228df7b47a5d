"""Every tool, prompt, resource and completion at ``/mcp/user``, from a sign-in on, by each of the clients that
others wrote, in each era that it speaks; and what is told of a change, by those that can be told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.types import PromptReference, TextResourceContents

from server.oauth.resources import USER_READ, USER_WRITE
from tests.browser import FormBrowser
from tests.conftest import missing
from tests.e2e.clients import python_client
from tests.e2e.fastmcp_clients import PYTHON, Fastmcp
from tests.e2e.npm_clients import TypeScriptClient
from tests.e2e.test_python_client import FIVE
from tests.e2e.test_step_up import scopes_asked
from tests.running import RunningServer

pytestmark = pytest.mark.anyio
MORE = ["get_access_request", "cancel_access_request", "comment_on_access_request"]
TEMPLATE = "doorward://requests/{id}"
Fields = dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    settings = {"DOORWARD_NATS_URL": "off", "DOORWARD_FEATURES": ",".join(MORE)}
    served = RunningServer(tmp_path_factory.mktemp("every-part") / "data", settings)
    yield served.start()
    assert served.stop() == 0, served.said()


@pytest.fixture
def fastmcp(server: RunningServer, tmp_path: Path) -> Fastmcp:
    if not PYTHON.exists():
        missing("fastmcp's environment (make clients)")
    return Fastmcp(server.issuer, tmp_path)


def went_everywhere(told: Fields) -> None:
    """Hold what any client tells against what there is."""
    assert told["tools"] == [*FIVE, *MORE]
    assert sorted(told["called"]) == sorted(told["tools"])
    assert told["uri"] in told["listed"]
    assert TEMPLATE in told["templates"]
    assert told["read"] == told["request"]
    assert "request_access" in told["got"]
    assert all(told["got"].values())
    assert "GitHub" in told["completed"]


class Everything:
    """What `session.mjs` does, by the python SDK."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.told: Fields = {"called": []}

    async def call(self, name: str, **arguments: object) -> Fields:
        """Call a tool that must not refuse."""
        result = await self.client.call_tool(name, arguments)
        assert result.structured_content is not None, result
        assert not result.is_error, result
        self.told["called"].append(name)
        content: Fields = result.structured_content
        return content

    async def tools(self) -> None:
        """Call every tool but one, which `changed` needs."""
        self.told["tools"] = [one.name for one in (await self.client.list_tools()).tools]
        await self.call("search_apps", name_search="github")
        wanted = {"search_term": "github write", "app_id": "github"}
        found = await self.call("search_requestable_permissions", **wanted)
        await self.call("list_requestable_permissions", app_id="github")
        submitted = await self.call(
            "submit_access_request",
            app_id="github",
            requestable_permission_ids=[found["items"][0]["id"]],
            business_justification="To review the release",
        )
        self.told["request"] = submitted["access_requests"][0]["id"]
        self.told["uri"] = TEMPLATE.replace("{id}", self.told["request"])
        await self.call("list_access_requests")
        await self.call("get_access_request", access_request_id=self.told["request"])

    async def changed(self) -> None:
        """Comment on the request."""
        about = {"access_request_id": self.told["request"], "text": "It is for Friday."}
        await self.call("comment_on_access_request", **about)

    async def resources(self) -> None:
        """List and read, and be done with the request."""
        client, told = self.client, self.told
        told["listed"] = [str(one.uri) for one in (await client.list_resources()).resources]
        templates = (await client.list_resource_templates()).resource_templates
        told["templates"] = [one.uri_template for one in templates]
        read = (await client.read_resource(told["uri"])).contents[0]
        assert isinstance(read, TextResourceContents)
        told["read"] = json.loads(read.text)["id"]
        await self.call("cancel_access_request", access_request_id=told["request"])

    async def prompts(self) -> None:
        """Get every prompt, and complete an argument."""
        self.told["got"] = {}
        for one in (await self.client.list_prompts()).prompts:
            names = [each.name for each in one.arguments or []]
            got = await self.client.get_prompt(one.name, dict.fromkeys(names, "github"))
            self.told["got"][one.name] = len(got.messages)
            if "app" in names:
                reference = PromptReference(type="ref/prompt", name=one.name)
                begun = {"name": "app", "value": "git"}
                answered = await self.client.complete(reference, begun)
                self.told["completed"] = answered.completion.values


@asynccontextmanager
async def told_of(client: Client, uri: str, *, listens: bool) -> AsyncIterator[None]:
    """Wait, at the end, until this resource is said to have changed, if the client can listen."""
    if not listens:
        yield
        return
    async with client.listen(resource_subscriptions=[uri]) as heard:
        yield
        event = await anext(aiter(heard))
        assert getattr(event, "uri", None) == uri


@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
async def test_the_python_sdk_goes_everywhere(browser: FormBrowser, mode: str) -> None:
    async with python_client(browser, mode=mode) as client:
        everything = Everything(client)
        await everything.tools()
        async with told_of(client, everything.told["uri"], listens=mode != "legacy"):
            await everything.changed()
        await everything.resources()
        await everything.prompts()
    went_everywhere(everything.told)


@pytest.mark.parametrize(
    "program",
    [
        ("client-v1.mjs",),
        ("client-v2.mjs", "legacy"),
        ("client-v2.mjs", "auto"),
        ("client-v2.mjs", "2026-07-28"),
    ],
    ids=" ".join,
)
async def test_the_typescript_sdk_goes_everywhere(
    browser: FormBrowser, npm: None, program: tuple[str, ...]
) -> None:
    async with TypeScriptClient.started(browser, *program, "everything") as client:
        await client.signed_in()
        told = await client.result()
    went_everywhere(told)
    listens = program[1:] in {("auto",), ("2026-07-28",)}
    assert told.get("changed") == (told["uri"] if listens else None)


@pytest.mark.parametrize("era", ["legacy", "auto", "2026-07-28"])
async def test_fastmcp_goes_everywhere(fastmcp: Fastmcp, era: str) -> None:
    went_everywhere(await fastmcp.told(era))
    assert len(fastmcp.opened()) == 1


async def test_fastmcp_asks_for_more_when_a_tool_needs_it(fastmcp: Fastmcp) -> None:
    fastmcp.untick(USER_WRITE)
    told = await fastmcp.told("auto", "submit")
    assert told["submitted"] == 1
    assert [scopes_asked(url) for url in fastmcp.opened()] == [{USER_READ, USER_WRITE}] * 2
