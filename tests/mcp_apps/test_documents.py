"""The pages themselves: small, whole, and with a policy that lets nothing else run."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from server.mcp.app_links import CATALOG_PICKER, STATUS_CARD
from server.mcp.apps.documents import document
from server.mcp.apps.resources import USED
from server.mcp.schemas import CANCEL, LIST_PERMISSIONS, LIST_REQUESTS, SEARCH_APPS, SUBMIT

APPS = (STATUS_CARD, CATALOG_PICKER)
MOST_BYTES = 25 * 1_024


def page(uri: str) -> str:
    return document(uri, USED[uri], "1.2")


@pytest.mark.parametrize("uri", APPS)
def test_a_page_is_small_and_needs_nothing_from_anywhere(uri: str) -> None:
    text = page(uri)
    assert len(text.encode()) <= MOST_BYTES
    assert text.startswith("<!doctype html>")
    assert "{{" not in text
    assert not re.search(r"src=|url\(|@import|https?://[a-z]|\bfetch\(|XMLHttpRequest", text)


@pytest.mark.parametrize("uri", APPS)
def test_no_text_becomes_markup(uri: str) -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", page(uri))


@pytest.mark.parametrize("uri", APPS)
def test_the_policy_names_the_one_script_and_the_one_style(uri: str) -> None:
    text = page(uri)
    policy = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[0]
    assert policy.startswith("default-src 'none'; ")
    for tag in ("script", "style"):
        [inside] = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_a_page_knows_only_the_tools_of_its_reader() -> None:
    text = document(CATALOG_PICKER, ["search_apps"], '1"2')
    assert 'data-tools="search_apps" data-version="1&quot;2"' in text


def test_apps_call_tools_that_there_are() -> None:
    there = {one.name for one in (CANCEL, LIST_PERMISSIONS, LIST_REQUESTS, SEARCH_APPS, SUBMIT)}
    assert {name for names in USED.values() for name in names} == there
