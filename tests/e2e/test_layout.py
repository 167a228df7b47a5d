"""How all pages look alike: one width, one place for the head, and everything that is touched or filled in is big and
clear enough (WCAG 2.2: 1.4.11, 2.5.8)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.test_pages import sign_in
from tests.running import RunningServer

PAGES = (
    "/", "/nothing/here", "/catalog", "/access", "/inbox", "/emergency", "/connections",
    "/admin/requests", "/audit?actor=admin", "/audit/as-of", "/audit/verify", "/admin/roles?person=bob",
    "/admin/features", "/admin/connections", "/catalog/app?id=aws",
)  # fmt: skip
CONTRASTS = """() => {
  const light = (c) => c.map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const found = parts(getComputedStyle(node).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)]; return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05); };
  const fields = [...document.querySelectorAll("input:not([type=hidden],[type=checkbox],[type=range]),select,textarea")];
  return fields.map((one) => [one.name,
    ratio(parts(getComputedStyle(one).borderTopColor).slice(0, 3), ground(one.parentElement)),
    ratio(parts(getComputedStyle(one, "::placeholder").color).slice(0, 3), ground(one))]);
}"""


@pytest.fixture(params=["light", "dark"])
def page(
    server: RunningServer, chromium: Browser, request: pytest.FixtureRequest
) -> Iterator[Page]:
    with chromium.new_context(color_scheme=request.param) as context:
        page = context.new_page()
        page.goto(f"{server.issuer}/admin/roles")
        sign_in(page, "admin")
        page.get_by_text("Signed in as").wait_for()
        yield page


def test_fields_are_seen_and_links_are_hit(server: RunningServer, page: Page) -> None:
    for path in PAGES:
        page.goto(f"{server.issuer}{path}")
        for name, border, placeholder in page.evaluate(CONTRASTS):
            assert border >= 3, (path, name)
            assert placeholder >= 4.5, (path, name)
        for link in page.locator("header a, header button, .nav a").all():
            box = link.bounding_box()
            assert box is not None
            assert box["height"] >= 24, (path, link.inner_text())


def test_pages_do_not_jump(server: RunningServer, page: Page) -> None:
    places = set()
    for path in PAGES:
        page.goto(f"{server.issuer}{path}")
        box = page.locator("main").bounding_box()
        assert box is not None
        places.add(
            (
                box["x"] + page.evaluate("scrollX"),
                box["y"] + page.evaluate("scrollY"),
                box["width"],
            )
        )
    assert len(places) == 1, places


def test_fields_of_a_filter_stand_on_one_line(server: RunningServer, page: Page) -> None:
    for path, fields in (
        ("/admin/requests", "main form.row :is(input,select,button)"),
        ("/audit?actor=x", ".fields > div:nth-child(-n+4) input"),
    ):
        page.goto(f"{server.issuer}{path}")
        boxes = [one.bounding_box() for one in page.locator(fields).all()]
        assert len(boxes) == 4
        assert len({(box["y"], box["height"]) for box in boxes if box}) == 1, boxes


def test_the_keyboard_leads_past_the_bar(server: RunningServer, page: Page) -> None:
    page.goto(f"{server.issuer}/access")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
