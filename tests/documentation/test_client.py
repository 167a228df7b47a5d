"""The client of the quick start, as somebody uses it who follows the page: without a browser of its own that opens,
with one that asks for its icon, with a person who says no, and at both URLs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, sync_playwright

from tests.e2e.browsing import chromium_path
from tests.e2e.open_browser import surroundings
from tests.running import PASSWORD, RunningServer

CLIENT = Path(__file__).parents[2] / "server" / "documentation" / "client.py"
NO_BROWSER = {**os.environ, "BROWSER": "/bin/false"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path_factory.mktemp("client") / "data").start()
    yield running
    running.stop()


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox"]
        )
        yield browser.new_page()
        browser.close()


@dataclass
class Asked:
    """The client at work, in a folder of its own: the URL that it has printed, and in the end what it said."""

    process: subprocess.Popen[str]
    url: str

    def callback(self) -> str:
        (address,) = parse_qs(urlsplit(self.url).query)["redirect_uri"]
        return address

    def ended(self) -> tuple[int, str, str]:
        said, complained = self.process.communicate(timeout=60)
        return self.process.returncode, said, complained


@contextmanager
def asked(folder: Path, *arguments: str) -> Iterator[Asked]:
    """Start it where no browser opens; goes on once it has said where to sign in."""
    process = subprocess.Popen(
        [sys.executable, CLIENT, *arguments],
        cwd=folder,
        env=NO_BROWSER,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            found = re.fullmatch(r"Sign in at (http\S+)\n", line)
            assert found, line
            yield Asked(process, found[1])
        finally:
            process.kill()


def signed_in(page: Page, url: str, button: str) -> None:
    page.goto(url)
    page.fill("input[name=username]", "alice")
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=button).click()
    page.get_by_text("You may close this window.").wait_for()


def done(folder: Path, environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Run it to its end; return its exit code and what it complained of."""
    ended = subprocess.run(
        [sys.executable, CLIENT, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return ended.returncode, ended.stderr


def test_without_a_browser_it_says_where_to_sign_in_and_what_else_a_browser_asks_is_no_answer(
    server: RunningServer, tmp_path: Path, page: Page
) -> None:
    with asked(tmp_path, server.mcp_url) as client:
        for _ in range(2):
            icon = httpx.get(client.callback().replace("/callback", "/favicon.ico"))
            assert icon.status_code == 404
        signed_in(page, client.url, "Allow")
        code, said, complained = client.ended()
    assert (code, complained) == (0, "")
    assert "search_apps: " in said


def test_a_refused_consent_is_told_in_a_line(
    server: RunningServer, tmp_path: Path, page: Page
) -> None:
    with asked(tmp_path, server.mcp_url) as client:
        signed_in(page, client.url, "Deny")
        code, said, complained = client.ended()
    assert (code, said) == (1, "")
    assert re.fullmatch(r"client\.py: access_denied: .+\n", complained)


def test_the_sign_ins_at_both_urls_are_kept_beside_each_other(
    server: RunningServer, tmp_path: Path
) -> None:
    admins = surroundings(tmp_path / "admin", server.issuer, "admin")
    urls = (server.mcp_url, f"{server.issuer}/mcp/admin")
    for url in urls:
        assert done(tmp_path, admins, url)[0] == 0
    assert set(json.loads((tmp_path / ".signed-in.json").read_text())) == set(urls)
    for url in urls:
        assert done(tmp_path, NO_BROWSER, url) == (0, ""), "nobody has to sign in a second time"


def test_what_goes_wrong_is_told_in_a_line(server: RunningServer, tmp_path: Path) -> None:
    url = server.mcp_url
    assert done(tmp_path, surroundings(tmp_path / "alice", server.issuer), url)[0] == 0
    for arguments in ((url, "no_such_tool"), (url, "search_apps", "{"), ("http://127.0.0.1:1",)):
        code, complained = done(tmp_path, NO_BROWSER, *arguments)
        assert code == 1
        assert re.fullmatch(r"client\.py: .+\n", complained), complained
