"""MCP's conformance suite for servers, against a real one in both eras: every scenario that a revision of
the protocol requires is run. Those that ask for tools of the suite's own, which no other server has, are
named in the files beside the clients, each with the reason; anything else that fails, fails here, and so
does a scenario that is named there and passes."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import FormBrowser
from tests.e2e.bearer_proxy import bearer_proxy
from tests.e2e.npm_clients import CLIENTS, CONFORMANCE, NODE, running
from tests.oauth.flow import Flow
from tests.running import RunningServer

pytestmark = pytest.mark.anyio
HEADERS, DOOR = "http-header-validation", "dns-rebinding-protection"
MEANT = {
    "2026-07-28": {"server-stateless", "tools-list", "caching", HEADERS, DOOR},
    "2025-11-25": {"server-initialize", "ping", "tools-list", DOOR},
}
"""Scenarios that say something of a server with tools of its own: every check of them must pass, but for
those that ask for more than such tools."""
NEED_MORE = {
    "sep-2575-server-rejects-undeclared-capability",
    "sep-2575-missing-capability-http-400",
    "sep-2575-http-server-no-independent-requests-on-stream",
    "sep-2575-server-no-log-without-loglevel",
    "sep-2549-prompts-list-caching-hints",
    "sep-2549-resources-list-caching-hints",
    "sep-2549-resources-templates-list-caching-hints",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    settings = {"DOORWARD_NATS_URL": "off", "DOORWARD_RATE_LIMITS": "off"}
    served = RunningServer(tmp_path_factory.mktemp("conformance") / "data", settings)
    yield served.start()
    assert served.stop() == 0, served.said()


@pytest.mark.parametrize("revision", sorted(MEANT))
async def test_the_scenarios_that_a_revision_requires_pass(
    server: RunningServer, browser: FormBrowser, npm: None, tmp_path: Path, revision: str
) -> None:
    token = (await Flow(browser.http, server.issuer).sign_in(browser))["access_token"]
    async with bearer_proxy("127.0.0.1", server.port, token) as proxy:
        command = (
            *(NODE, CONFORMANCE, "server", "--url", f"{proxy}/mcp/user"),
            *("--requirements", revision, "--output-dir", tmp_path),
            *("--expected-failures", CLIENTS / f"conformance-{revision}.yml"),
        )
        async with running(*command, stderr=asyncio.subprocess.STDOUT) as process:
            said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    checks = recorded(tmp_path)
    for scenario in MEANT[revision]:
        ended = {one["id"]: one["status"] for one in checks[scenario]}
        assert "SUCCESS" in ended.values(), scenario
        failed = {name for name, status in ended.items() if status in {"FAILURE", "WARNING"}}
        assert failed <= NEED_MORE, scenario


def recorded(folder: Path) -> dict[str, list[dict[str, str]]]:
    """Return the checks of each scenario."""
    return {
        re.sub(r"^server-|-\d{4}-\d\d-\d\dT[-\dZ]+$", "", file.parent.name): json.loads(
            file.read_text()
        )
        for file in folder.rglob("checks.json")
    }
