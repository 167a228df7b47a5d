"""MCP's conformance suite for servers, in both eras: every scenario that a revision of the protocol requires,
against a real server, and against one of the same make that has the tools, prompts and resources of the
suite's own (`tests.conformance_server`), so that what the first has no use for is looked at too. What
must fail is named in files, each with the reason; anything else that fails, fails here, and so does a
scenario that is named there and passes."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import conformance_server, seeds
from tests.browser import FormBrowser
from tests.conformance_server.serving import fixture_server
from tests.e2e.bearer_proxy import bearer_proxy
from tests.e2e.npm_clients import CLIENTS, CONFORMANCE, NODE, running
from tests.oauth.flow import Flow
from tests.running import RunningServer

pytestmark = pytest.mark.anyio
FIXTURES = Path(conformance_server.__file__).parent
REVISIONS = ("2025-11-25", "2026-07-28")
HEADERS, DOOR = "http-header-validation", "dns-rebinding-protection"
MEANT = {
    "2026-07-28": {"server-stateless", "tools-list", "caching", HEADERS, DOOR},
    "2025-11-25": {"server-initialize", "ping", "tools-list", DOOR},
}
"""Scenarios that say something of a server with tools of its own: every check of them must pass, but for
those that ask for more than such tools."""
INSISTING = {
    "sep-2575-server-rejects-undeclared-capability",
    "sep-2575-missing-capability-http-400",
}
"""Checks that want a tool which insists on a capability of the client's."""
NEED_MORE = INSISTING | {
    "sep-2575-http-server-no-independent-requests-on-stream",
    "sep-2575-server-no-log-without-loglevel",
    "sep-2575-server-sends-tools-list-changed-on-subscription",
    "sep-2575-server-sends-prompts-list-changed-on-subscription",
}
"""Checks that call tools of the suite's own."""
Checks = dict[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    settings = {"DOORWARD_NATS_URL": "off", "DOORWARD_RATE_LIMITS": "off"}
    served = RunningServer(tmp_path_factory.mktemp("conformance") / "data", settings)
    yield served.start()
    assert served.stop() == 0, served.said()


async def checked(browser: FormBrowser, revision: str, expected: Path, folder: Path) -> Checks:
    """Run what a revision requires, as this browser's person; return the checks of each scenario."""
    token = (await Flow(browser.http, browser.issuer).sign_in(browser))["access_token"]
    port = urlsplit(browser.issuer).port
    assert port is not None
    async with bearer_proxy("127.0.0.1", port, token) as proxy:
        command = (
            *(NODE, CONFORMANCE, "server", "--url", f"{proxy}/mcp/user"),
            *("--requirements", revision, "--output-dir", folder),
            *("--expected-failures", expected),
        )
        async with running(*command, stderr=asyncio.subprocess.STDOUT) as process:
            said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return recorded(folder)


@pytest.mark.parametrize("revision", REVISIONS)
async def test_the_scenarios_that_a_revision_requires_pass(
    server: RunningServer, browser: FormBrowser, npm: None, tmp_path: Path, revision: str
) -> None:
    expected = CLIENTS / f"conformance-{revision}.yml"
    checks = await checked(browser, revision, expected, tmp_path)
    for scenario in MEANT[revision]:
        assert failed_in(checks, scenario) <= NEED_MORE, scenario


@pytest.mark.parametrize("revision", REVISIONS)
async def test_with_the_suites_own_tools_nothing_fails_but_what_is_left_out_on_purpose(
    npm: None, tmp_path: Path, revision: str
) -> None:
    expected = FIXTURES / f"expected-{revision}.yml"
    async with (
        fixture_server(tmp_path / "data") as issuer,
        FormBrowser(issuer, "alice", seeds.PASSWORD) as browser,
    ):
        checks = await checked(browser, revision, expected, tmp_path / "checks")
    for scenario in MEANT[revision]:
        assert failed_in(checks, scenario) <= INSISTING, scenario


def failed_in(checks: Checks, scenario: str) -> set[str]:
    """Return the checks of a scenario that failed, if only with a warning; one must have passed."""
    ended = {one["id"]: one["status"] for one in checks[scenario]}
    assert "SUCCESS" in ended.values(), scenario
    return {name for name, status in ended.items() if status in {"FAILURE", "WARNING"}}


def recorded(folder: Path) -> Checks:
    """Return the checks of each scenario."""
    return {
        re.sub(r"^server-|-\d{4}-\d\d-\d\dT[-\dZ]+$", "", file.parent.name): json.loads(
            file.read_text()
        )
        for file in folder.rglob("checks.json")
    }
