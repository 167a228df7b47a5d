"""Each page as people meet it: in both colour schemes, on a narrow screen, by keyboard alone, and to
axe-core, which knows what a screen reader needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import missing
from tests.e2e.test_chromium import CHALLENGE, authorization_url, listening
from tests.running import PASSWORD, RunningServer

AXE = Path(__file__).parents[1] / "clients/node_modules/axe-core/axe.min.js"
NARROW = 360
CLAUDE = "https://claude.ai/oauth/claude-code-client-metadata"


@pytest.fixture(params=["light", "dark"])
def narrow(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    if not AXE.exists():
        missing("axe-core (make clients, with npm on the path)")
    size: Any = {"width": NARROW, "height": 740}
    with chromium.new_context(color_scheme=request.param, viewport=size) as context:
        yield context.new_page()


def check(page: Page) -> None:
    """Assert that the page fits a narrow screen and that axe finds nothing."""
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run()")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []


def sign_in(page: Page, username: str) -> None:
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")


def test_axe_finds_nothing_on_any_page(server: RunningServer, narrow: Page) -> None:
    """WCAG 2.2 A and AA as far as a program can judge them."""
    page = narrow
    with listening() as (redirect_uri, _):
        page.goto(f"{server.issuer}/")
        check(page)
        page.goto(f"{server.issuer}/authorize?client_id=unknown")
        check(page)
        page.goto(authorization_url(server, redirect_uri))
        check(page)
        page.get_by_label("User name").fill("admin")
        page.get_by_label("Password").fill("wrong password")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        check(page)
        sign_in(page, "admin")
        expect(page.get_by_role("group")).to_be_visible()
        check(page)
        page.get_by_role("button", name="Allow").click()
        expect(page).to_have_title("Back at the client")
        page.goto(pinned_url(server, redirect_uri))
        if page.get_by_role("button", name="Allow").is_visible():
            page.get_by_role("button", name="Allow").click()
            page.goto(pinned_url(server, redirect_uri))
        expect(page.get_by_role("button", name="Continue as Admin Adeyemi")).to_be_visible()
        check(page)
        for path in ("/connections", "/admin/connections"):
            page.goto(f"{server.issuer}{path}")
            expect(page.get_by_role("button", name="Disconnect").first).to_be_visible()
            check(page)


def test_axe_finds_nothing_in_the_inbox(
    server: RunningServer, narrow: Page, request: pytest.FixtureRequest
) -> None:
    """From an emergency to its review: each page with the forms that somebody finds there."""
    page = narrow
    page.goto(f"{server.issuer}/emergency")
    sign_in(page, "alice")
    expect(page.get_by_role("heading", name="Access in an emergency")).to_be_visible()
    which = int(request.node.callspec.params["narrow"] == "dark")
    offered = page.locator("details").nth(which)
    offered.locator("summary").click()
    check(page)
    offered.get_by_label("Ticket of the incident or change").fill("OPS-1")
    offered.get_by_label("What has happened").fill("It is down")
    offered.get_by_role("button", name="Take the access now").click()
    expect(page.get_by_text("Emergency", exact=True).last).to_be_visible()
    check(page)
    emergency = page.url
    for path in ("/inbox", "/access"):
        page.goto(f"{server.issuer}{path}")
        check(page)
    page.get_by_role("button", name="Sign out").click()
    page.goto(emergency)
    sign_in(page, "admin")
    expect(page.get_by_role("heading", name="Was it an emergency?")).to_be_visible()
    for summary in page.locator("summary").all():
        summary.click()
    check(page)
    for path in ("/inbox", "/admin/requests"):
        page.goto(f"{server.issuer}{path}")
        check(page)
    page.goto(emergency)
    page.get_by_label("What you found").fill("It was down")
    page.get_by_role("button", name="It was justified").click()
    expect(page.get_by_role("status").first).to_have_text("You reviewed the emergency.")


def test_axe_finds_nothing_in_the_catalog_and_a_search_goes_on_while_one_types(
    server: RunningServer, narrow: Page
) -> None:
    page = narrow
    page.goto(f"{server.issuer}/catalog")
    sign_in(page, "alice")
    expect(page.get_by_role("heading", name="What do you need access to?")).to_be_visible()
    check(page)
    page.get_by_label("Search the catalog").press_sequentially("veiw sales reports")
    first = page.locator("ul.apps > li").first
    expect(first.get_by_role("heading")).to_have_text("Salesforce")
    expect(page.get_by_text("Taken as")).to_contain_text("veiw")
    expect(page).to_have_url(re.compile(r"q=veiw\+sales\+reports"))
    check(page)
    page.reload()
    expect(first.get_by_role("heading")).to_have_text("Salesforce")
    first.get_by_role("link", name="Sales Reports Viewer").click()
    expect(page.get_by_role("checkbox", name="Sales Reports Viewer")).to_be_checked()
    check(page)
    # A browser would insist on the reason by itself.
    page.locator("#why").evaluate("box => box.form.noValidate = true")
    page.get_by_role("button", name="What would happen?").click()
    expect(page.get_by_role("alert")).to_have_text("Please fill in what is marked.")
    expect(page.get_by_label("Why you need it")).to_be_focused()
    check(page)
    page.get_by_label("Why you need it").fill("The all-hands")
    page.get_by_role("button", name="What would happen?").click()
    expect(page.get_by_role("status").last).to_contain_text("First to decide: Bob Brandt")
    check(page)


def test_the_catalog_is_searched_without_script(server: RunningServer, chromium: Browser) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{server.issuer}/catalog")
        sign_in(page, "carol")
        page.get_by_label("Search the catalog").fill("payslips")
        page.get_by_role("button", name="Search").click()
        expect(page.locator("ul.apps > li").first.get_by_role("heading")).to_have_text("Workday")


def pinned_url(server: RunningServer, redirect_uri: str) -> str:
    """Return the authorization request of a client that is shared by all who have it."""
    asked = {
        "response_type": "code",
        "client_id": CLAUDE,
        "redirect_uri": redirect_uri,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "resource": server.mcp_url,
    }
    return f"{server.issuer}/authorize?{urlencode(asked)}"


def test_a_person_gets_through_by_keyboard_alone(server: RunningServer, chromium: Browser) -> None:
    with listening() as (redirect_uri, came), chromium.new_context() as context:
        page = context.new_page()
        page.goto(authorization_url(server, redirect_uri))
        # Who has no mouse types once the cursor is there; the browser sets it after the page has come.
        expect(page.get_by_label("User name")).to_be_focused()
        page.keyboard.type("carol")
        page.keyboard.press("Tab")
        expect(page.get_by_label("Password")).to_be_focused()
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("group")).to_be_visible()
        for key in ("Tab", "Tab", "Tab", "Space", "Tab", "Tab", "Enter"):
            page.keyboard.press(key)
        expect(page).to_have_title("Back at the client")
        page.goto(f"{server.issuer}/connections")
        expect(
            page.get_by_text("search the catalog and read your access requests")
        ).to_be_visible()
        expect(page.get_by_text("submit access requests in your name")).to_be_hidden()
        page.get_by_role("button", name="Disconnect A desktop client").press("Enter")
        expect(page.get_by_role("status")).to_contain_text("disconnected")
    assert "code=" in came[0]


def test_the_first_box_has_to_stay_ticked_and_a_no_is_always_possible(
    server: RunningServer, chromium: Browser
) -> None:
    with listening() as (redirect_uri, came), chromium.new_context() as context:
        page = context.new_page()
        page.goto(authorization_url(server, redirect_uri))
        sign_in(page, "bob")
        expect(page.get_by_role("group")).to_be_visible()
        for box in page.get_by_role("checkbox").all():
            box.uncheck()
        page.get_by_role("button", name="Allow").click()
        expect(page.get_by_role("group")).to_be_visible()
        assert came == []
        page.get_by_role("button", name="Deny").click()
        expect(page).to_have_title("Back at the client")
    assert "error=access_denied" in came[0]


def test_a_private_scheme_is_led_to(server: RunningServer, chromium: Browser) -> None:
    """The policy names the client's own scheme, or Chromium would stop the way back."""
    uri = "cursor://anysphere.cursor-retrieval/oauth/user-doorward/callback"
    with chromium.new_context() as context:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(authorization_url(server, uri))
        sign_in(page, "carol")
        expect(page.get_by_text("the app that handles cursor:")).to_be_visible()
        with page.expect_response(f"{server.issuer}/consent") as answered:
            page.get_by_role("button", name="Allow").click()
        assert answered.value.headers["location"].startswith(f"{uri}?code=")
        assert [one for one in complaints if "Content Security Policy" in one] == []


def test_no_page_can_be_framed(server: RunningServer, chromium: Browser) -> None:
    """RFC 9700 §4.16."""
    with listening() as (elsewhere, _), chromium.new_context() as context:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(elsewhere)
        page.set_content(f'<iframe src="{server.issuer}/connections"></iframe>')
        with page.expect_event("console", lambda message: "frame" in message.text):
            page.reload()
            page.set_content(f'<iframe src="{server.issuer}/connections"></iframe>')
        assert any("frame-ancestors" in one or "X-Frame-Options" in one for one in complaints)
