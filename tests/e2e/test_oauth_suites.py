"""What others wrote to judge an authorization server, against ours: MCP's conformance suite, the
scanner mcp-authlab, the strict client openid-client, and the bridge mcp-remote."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import FormBrowser
from tests.e2e.npm_clients import CLIENTS, CONFORMANCE, NODE, McpRemote, TypeScriptClient, running
from tests.e2e.open_browser import brought, surroundings
from tests.e2e.test_python_client import FIVE
from tests.oauth.flow import Flow
from tests.running import RunningServer, free_port

pytestmark = pytest.mark.anyio
AUTHLAB = Path(sys.executable).with_name("mcp-authlab")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    settings = {"DOORWARD_CLIENT_DOCUMENTS": "advertise", "DOORWARD_NATS_URL": "off"}
    served = RunningServer(tmp_path_factory.mktemp("suites") / "data", settings)
    yield served.start()
    assert served.stop() == 0, served.said()


async def ended_well(*command: object, env: dict[str, str]) -> None:
    """Run a program to its end; it must not complain."""
    async with running(*command, stderr=asyncio.subprocess.STDOUT, env=env) as process:
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()


async def test_the_conformance_suites_authorization_scenarios_pass(
    server: RunningServer, browser: FormBrowser, npm: None, tmp_path: Path
) -> None:
    """@modelcontextprotocol/conformance: metadata, client ID metadata documents, the code grant."""
    port = free_port()
    flow = Flow(browser.http, server.issuer)
    await flow.register(redirect_uris=[f"http://127.0.0.1:{port}/callback"])
    command = (
        *(NODE, CONFORMANCE, "authorization", "--url", server.issuer),
        *("--client-id", flow.client_id, "--resource", server.mcp_url, "--port", port),
        *("--output-dir", tmp_path),
    )
    async with running(*command, stderr=asyncio.subprocess.STDOUT) as process:
        said = await visited(process, browser)
        assert process.returncode == 0, said
    checks = recorded(tmp_path)
    assert sorted((one["id"], one["status"]) for one in checks) == [
        ("authorization-code-grant", "SUCCESS"),
        ("authorization-server-metadata", "SUCCESS"),
        ("authorization-server-metadata-cimd", "SUCCESS"),
    ]


def recorded(folder: Path) -> list[dict[str, str]]:
    files = folder.rglob("checks.json")
    return [check for file in files for check in json.loads(file.read_text())]


async def visited(process: asyncio.subprocess.Process, browser: FormBrowser) -> str:
    """Read what a program says to its end; open the URL it asks to be opened."""
    assert process.stdout is not None
    said, opened = "", set()
    while line := (await process.stdout.readline()).decode():
        said += line
        for url in re.findall(r"https?://[^\s\"']+/authorize\?[^\s\"']+", line):
            if url not in opened:
                opened.add(url)
                landed = await browser.visit(url)
                await brought(landed)
    await process.wait()
    return said


async def test_authlab_finds_nothing(server: RunningServer, tmp_path: Path) -> None:
    """mcp-authlab, signed in as somebody who may use both resources: 33 checks of the
    specification's rules, none failed."""
    environment = surroundings(tmp_path, server.issuer, "admin")
    await ended_well(
        *(AUTHLAB, "login", server.mcp_url, "--thorough"),
        *("--foreign-resource", f"{server.issuer}/mcp/admin"),
        env=environment,
    )
    report = tmp_path / "report.json"
    await ended_well(
        *(AUTHLAB, "scan", server.mcp_url, "--fail-under", "A"),
        *("--format", "json", "--output", report),
        env=environment,
    )
    results = json.loads(report.read_text())["results"]
    statuses = {one["id"]: one["status"] for one in results}
    others = {name: status for name, status in statuses.items() if status != "pass"}
    # It warns of http on this machine, and there are no sessions that could be stolen.
    assert others == {"TLS-01": "warn", "ASF-01": "warn", "SESS-01": "skip", "SESS-02": "skip"}
    assert len(statuses) == 33


async def test_mcp_remote_signs_in_and_lists_five_tools(
    server: RunningServer, npm: None, tmp_path: Path
) -> None:
    """The bridge for clients that only speak over standard input."""
    remote = McpRemote(server.issuer, tmp_path)
    assert await remote.tools() == FIVE
    assert len(remote.opened()) == 1


async def test_a_strict_client_of_the_rfcs_goes_the_whole_way(
    server: RunningServer, browser: FormBrowser, npm: None
) -> None:
    """openid-client: registration, PKCE, iss, refresh, introspection, revocation."""
    told = json.loads(server.run("resource-server", "add", "strict", "--json").stdout)
    credentials = {"INTROSPECT_ID": "strict", "INTROSPECT_SECRET": told["secret"]}
    command = (NODE, CLIENTS / "openid-client.mjs", server.issuer, server.mcp_url)
    async with running(*command, env={"PATH": "", **credentials}) as process:
        client = TypeScriptClient(browser, process)
        await client.signed_in()
        result = await client.result()
    assert result["before"]["active"] is True
    assert result["before"]["username"] == "alice"
    assert result["after"] == {"active": False}
