"""The bar: the same on every page of a person, with every place where he may go and no other."""

from __future__ import annotations

import re

import pytest

from adapters.open_store import MEMORY
from tests.inbox.visitor import Visitor
from tests.web import Web

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", [MEMORY])]
EVERYBODYS = ["/catalog", "/access", "/inbox", "/emergency", "/connections"]
AUDITORS = [*EVERYBODYS, "/admin/requests", "/audit"]
ADMINISTRATORS = [*AUDITORS, "/admin"]
OF_ADMINISTRATION = ["/admin/roles", "/admin/features", "/admin/connections"]


def links(page: str, name: str = "Doorward") -> list[str]:
    """Return where the links of a bar lead."""
    (bar,) = re.findall(rf'<nav [^>]*aria-label="{name}">(.*?)</nav>', page, re.DOTALL)
    return re.findall(r'href="([^"]*)"', bar)


@pytest.mark.parametrize(
    ("username", "bar", "more"),
    [
        ("alice", EVERYBODYS, ["/catalog/app?id=wiki"]),
        ("robot", AUDITORS, ["/audit/as-of", "/audit/verify", "/audit/events/1"]),
        ("bob", ADMINISTRATORS, OF_ADMINISTRATION),
    ],
)
async def test_every_page_of_a_person_has_the_same_bar(
    web: Web, username: str, bar: list[str], more: list[str]
) -> None:
    visitor = await Visitor(web, username).sign_in()
    visitor.http.headers["accept"] = "text/html"
    for path in ["/", "/nothing/here", *bar, *more]:
        if path == "/admin":
            continue
        page = (await visitor.get(path)).text
        assert links(page) == bar, path
        assert '<a class="brand" href="/">' in page
        assert page.count("<main") == page.count("<header") == page.count("<footer") == 1
        assert page.index("Sign out") < page.index("<main")
        assert 'href="#main"' in page


async def test_a_person_whom_a_page_turns_away_has_his_bar_to_go_on_with(web: Web) -> None:
    alice = await Visitor(web, "alice").sign_in()
    for path in (*OF_ADMINISTRATION, "/admin/requests"):
        page = await alice.get(path)
        assert (page.status_code, links(page.text)) == (403, EVERYBODYS), path
    page = await alice.get("/requests/none")
    assert (page.status_code, links(page.text)) == (404, EVERYBODYS)


async def test_pages_of_the_administration_lead_to_each_other(web: Web) -> None:
    bob = await Visitor(web, "bob").sign_in()
    for path in OF_ADMINISTRATION:
        page = (await bob.get(path)).text
        assert links(page, "Administration") == OF_ADMINISTRATION
        assert '<a href="/admin" aria-current="true">' in page


async def test_the_administration_begins_with_its_first_page_and_is_there_for_no_others(
    web: Web,
) -> None:
    bob = await Visitor(web, "bob").sign_in("/admin")
    answer = await bob.get("/admin")
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/roles")
    for username in ("alice", "robot"):
        other = await Visitor(web, username).sign_in()
        refused, unknown = await other.get("/admin"), await other.get("/admim")
        assert (refused.status_code, refused.text) == (404, unknown.text)


async def test_who_is_not_signed_in_has_no_bar_and_a_link_to_sign_in(web: Web) -> None:
    page = (await web.http.get(f"{web.issuer}/")).text
    assert "<nav" not in page
    assert 'href="/sign-in"' in page
    assert f"{web.issuer}/mcp/user" in page
