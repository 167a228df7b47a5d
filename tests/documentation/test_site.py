"""The site: it builds without a broken link, asks nobody else for anything, and plays its recording."""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from server.documentation.assembling import PAGES
from tests.conftest import missing
from tests.e2e.browsing import chromium_path

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(source: Path) -> Path:
    built = source / "site"
    done = subprocess.run(
        [Path(sys.executable).with_name("mkdocs"), "build", "--strict", "-d", str(built)],
        cwd=source,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return built


@contextmanager
def served(folder: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_it_builds_with_every_link_leading_somewhere(site: Path, pages: list[Path]) -> None:
    assert {page.stem for page in pages} <= {file.stem for file in site.glob("*.html")}


def test_a_reader_asks_nobody_else_for_anything(site: Path) -> None:
    asked: list[str] = []
    with served(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        for file in sorted(site.glob("*.html")):
            page.goto(f"{address}/{file.name}", wait_until="networkidle")
        page.get_by_label("Search").first.click(force=True)
        page.keyboard.type("evidence")
        page.locator(".md-search-result__item").first.wait_for()
        browser.close()
    assert [one for one in asked if not one.startswith((address, "data:", "blob:"))] == []


def test_the_recording_is_played_where_the_player_is_and_told_where_it_is_not(site: Path) -> None:
    page = (site / "walkthrough.html").read_text()
    assert "intact" in page
    if shutil.which("npm") is None:
        missing("npm")
    subprocess.run(["make", "--silent", "player"], cwd=ROOT, check=True, capture_output=True)
    (player,) = (ROOT / "build" / "documentation").glob("player-*")
    shutil.copytree(player, site / "player", dirs_exist_ok=True)
    with served(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox"]
        )
        shown = browser.new_page()
        shown.goto(f"{address}/walkthrough.html")
        shown.locator("#recording .ap-player").wait_for()
        shown.get_by_text("Doorward 0.1.0 is ready.").first.wait_for()
        browser.close()


def test_no_page_names_a_test_that_is_not_there(source: Path) -> None:
    text = "".join(page.read_text() for page in (source / PAGES).glob("*.md"))
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", text))
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []
