"""The apps on wide and narrow screens, in both schemes and in a host's own colours: they fit, and axe finds
nothing wrong with them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Frame, expect

from tests.e2e.test_pages import AXE
from tests.mcp_apps.conftest import Host
from tests.two_stages import TICKET, WISH

pytestmark = pytest.mark.anyio
VARIABLES = {
    "--color-background-primary": "light-dark(#fffaf0, #20180c)",
    "--color-text-primary": "light-dark(#2b1d05, #f6ead6)",
    "--color-text-secondary": "light-dark(#6b5836, #c2ae8a)",
    "--color-border-primary": "light-dark(#e2d3b5, #4a3a1e)",
    "--font-sans": "Georgia, serif",
    "--border-radius-md": "2px",
    "--border-radius-lg": "4px",
}
LOOKS: list[tuple[str, int, dict[str, Any]]] = [
    ("wide-light", 900, {"theme": "light"}),
    ("narrow-dark", 360, {"theme": "dark"}),
    ("of-the-host", 640, {"theme": "light", "styles": {"variables": VARIABLES}}),
]
ASKED = {**WISH, "custom_fields": TICKET}
TWO = {"app_id": "notes", "requestable_permission_ids": ["notes:read", "notes:edit"]}


def frame_of(host: Host) -> Frame:
    """Return the innermost frame."""
    return host.page.main_frame.child_frames[0].child_frames[0]


async def check(host: Host, name: str, folder: Path) -> None:
    """Assert that what is shown fits, that its frame is as high as it is, and that axe is content."""
    frame = frame_of(host)
    height = await frame.evaluate("document.querySelector('main').getBoundingClientRect().height")
    await host.page.wait_for_function(
        "(height) => Math.abs(window.known.sizes.at(-1).height - height) < 2", arg=height
    )
    await host.page.screenshot(path=folder / f"{name}.png", full_page=True)
    assert await frame.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    if AXE.exists():
        await frame.evaluate(AXE.read_text())
        found = await frame.evaluate("axe.run()")
        wrong = [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]]
        assert wrong == [], name


@pytest.mark.parametrize(("look", "width", "context"), LOOKS, ids=[one[0] for one in LOOKS])
async def test_every_state_fits_and_can_be_read(
    host: Host, tmp_path: Path, look: str, width: int, context: dict[str, Any]
) -> None:
    await host.page.set_viewport_size({"width": width, "height": 900})
    app, button = host.app, partial(host.app.get_by_role, "button", exact=True)
    await host.show("search_apps", {}, context=context)
    await expect(button(name="Choose Notes")).to_be_visible()
    await check(host, f"{look}-found", tmp_path)
    await host.show("search_requestable_permissions", {"search_term": "crm"}, context=context)
    await button(name="Reader").press("Enter")
    await expect(app.get_by_role("checkbox", name="Reader")).to_be_checked()
    await check(host, f"{look}-form", tmp_path)
    await button(name="Request access").press("Enter")
    await expect(app.get_by_role("alert")).to_be_visible()
    await check(host, f"{look}-missing", tmp_path)
    await app.get_by_label("Why you need it").fill("Quarter-end report")
    await app.get_by_label("Ticket number").fill("T-1")
    await button(name="What would happen?").press("Enter")
    await expect(app.get_by_text("Nothing has been sent yet.")).to_be_visible()
    await check(host, f"{look}-preview", tmp_path)
    await button(name="Request access").press("Enter")
    await expect(app.get_by_text("Your request is submitted.")).to_be_visible()
    await check(host, f"{look}-submitted", tmp_path)
    await host.show("list_access_requests", {}, context=context)
    await button(name="Withdraw").press("Enter")
    await expect(button(name="Withdraw it")).to_be_visible()
    await check(host, f"{look}-withdrawing", tmp_path)
    await host.show("submit_access_request", TWO, context=context)
    await expect(app.get_by_role("list", name="What it is for")).to_be_visible()
    await check(host, f"{look}-two-items", tmp_path)
    await host.show("get_access_request", {"access_request_id": "none"}, context=context)
    await expect(app.locator(".notice")).to_be_visible()
    await check(host, f"{look}-refused", tmp_path)
    await host.show("list_access_requests", {}, context=context)
    await app.locator("summary").first.click()
    await check(host, f"{look}-list", tmp_path)


async def test_the_scheme_follows_the_host_while_it_is_shown(host: Host) -> None:
    await host.show("submit_access_request", ASKED, context={"theme": "light"})
    colour = "getComputedStyle(document.querySelector('main')).backgroundColor"
    assert await frame_of(host).evaluate(colour) == "rgb(255, 255, 255)"
    await host.page.evaluate("() => window.bridge.setHostContext({ theme: 'dark' })")
    await frame_of(host).wait_for_function(f"{colour} === 'rgb(27, 31, 36)'")


async def test_half_of_a_hosts_colours_are_not_taken(host: Host) -> None:
    half = {"--color-background-primary": "#ffff00", "--not-one": "1"}
    context = {"theme": "dark", "styles": {"variables": half}}
    await host.show("submit_access_request", ASKED, context=context)
    style = "getComputedStyle(document.querySelector('main')).backgroundColor"
    assert await frame_of(host).evaluate(style) == "rgb(27, 31, 36)"
    names = "[...document.documentElement.style].filter((one) => one.startsWith('--'))"
    assert await frame_of(host).evaluate(names) == []
