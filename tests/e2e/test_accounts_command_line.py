"""Local accounts by the command line: passwords from standard input, bad wishes, and what a proxy
says of itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.browser import FormBrowser
from tests.oauth.flow import Flow
from tests.running import RunningServer

pytestmark = pytest.mark.anyio


@pytest.fixture
def empty(tmp_path: Path) -> RunningServer:
    """A server without demo, not started."""
    return RunningServer(tmp_path / "data", {"DOORWARD_NATS_URL": "off"}, ("serve",))


def typed(
    server: RunningServer, *arguments: str, password: str
) -> subprocess.CompletedProcess[str]:
    """Run a command that reads a password."""
    return subprocess.run(
        [sys.executable, "-m", "server", *arguments, "--stdin"],
        env=server.environment(),
        input=password + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


async def signs_in(server: RunningServer, username: str, password: str) -> bool:
    async with FormBrowser(server.issuer, username, password) as browser:
        flow = Flow(browser.http, server.issuer)
        await flow.register()
        page = await browser.submit(await browser.http.get(flow.authorization_url()))
        return page.status_code == 303


async def test_a_password_is_read_from_standard_input_and_never_shown(
    empty: RunningServer,
) -> None:
    """First without a server, then through the one that runs."""
    added = typed(empty, "account", "add", "dora", "--json", password="eight or more")
    assert json.loads(added.stdout) == {"username": "dora"}, added.stderr
    empty.start()
    assert not [line for line in empty.lines if "Password" in line], "there is somebody already"
    assert await signs_in(empty, "dora", "eight or more")
    changed = typed(empty, "account", "password", "dora", password="blanks  and ünïcode ")
    assert changed.stdout == "username: dora\n", changed.stderr
    assert await signs_in(empty, "dora", "blanks  and ünïcode ")
    assert not await signs_in(empty, "dora", "eight or more")
    empty.stop()


@pytest.mark.parametrize("running", [False, True])
def test_a_bad_wish_is_one_clear_line_without_the_password(
    empty: RunningServer, *, running: bool
) -> None:
    empty.run("account", "add", "dora")
    if running:
        empty.start()
    refused = (
        (typed(empty, "account", "password", "dora", password="hunter2"), "password_length"),
        (typed(empty, "account", "add", "dora", password="hunter2 hunter2"), "name_taken"),
        (typed(empty, "account", "password", "nobody", password="hunter2 hunter2"), "nobody"),
        (typed(empty, "account", "add", "a b", password="hunter2 hunter2"), "malformed_text"),
    )
    if running:
        empty.stop()
    for done, code in refused:
        assert (done.returncode, done.stdout) == (1, "")
        assert code in done.stderr
        assert done.stderr.count("\n") == 1
        assert "hunter2" not in done.stderr


def test_no_header_of_a_proxy_changes_a_url(empty: RunningServer) -> None:
    """RFC 9700 §4.13: they come from the configured issuer alone."""
    empty.settings["DOORWARD_TRUSTED_PROXIES"] = "127.0.0.1"
    empty.start()
    headers = {
        "x-forwarded-proto": "https",
        "x-forwarded-host": "evil.example",
        "x-forwarded-for": "203.0.113.7",
        "forwarded": "for=203.0.113.7;host=evil.example;proto=https",
    }
    paths = ("oauth-authorization-server", "oauth-protected-resource/mcp/user")
    for path in paths:
        url = f"{empty.issuer}/.well-known/{path}"
        assert httpx.get(url, headers=headers).json() == httpx.get(url).json()
    challenge = httpx.post(empty.mcp_url, headers=headers).headers["www-authenticate"]
    assert f'resource_metadata="{empty.issuer}/' in challenge
    empty.stop()
