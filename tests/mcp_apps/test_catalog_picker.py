"""The catalog picker: from what a search found to a request that is submitted through the host."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from domain.access_request import RequestSubmitted
from tests.mcp_apps.conftest import HOSTILE, Host

pytestmark = pytest.mark.anyio
FIND = "search_apps"


def button(host: Host, name: str) -> Locator:
    """Return a button, to be pressed by key: the host makes its frame as high as what is in it, and a click may come
    to where the button was."""
    return host.app.get_by_role("button", name=name, exact=True)


async def chosen(host: Host, app: str, **how: object) -> None:
    """Show the picker with what a search for the app finds, and choose it."""
    await host.show(FIND, {"name_search": app}, **how)
    await button(host, f"Choose {app}").press("Enter")
    await expect(host.app.get_by_role("heading", level=1)).to_have_text(app)


async def test_a_person_chooses_permissions_sees_the_rules_and_submits(host: Host) -> None:
    await chosen(host, "Sales CRM")
    await expect(host.app.get_by_text("your manager")).to_be_visible()
    await expect(host.app.get_by_text("an owner of the app")).to_be_visible()
    await expect(host.app.get_by_role("heading", level=1)).to_be_focused()
    await host.app.get_by_role("checkbox", name="Reader").check()
    await host.app.get_by_label("Why you need it").fill("Quarter-end report")
    await host.app.get_by_label("Ticket number").fill("T-1")
    await host.app.get_by_label("For how long").select_option("7 days")
    await button(host, "Request access").press("Enter")
    await expect(host.app.get_by_text("Your request is submitted.")).to_be_visible()
    await expect(host.app.get_by_text("Waits for Bob Example to approve it.")).to_be_visible()
    [event] = host.scene.web.events(RequestSubmitted)
    assert [one.permission_id for one in event.permissions] == ["crm:reader"]
    assert event.access_seconds == 7 * 86_400
    assert [one.response.text for one in event.answers] == ["T-1"]
    known = await host.known()
    assert [one["name"] for one in known["calls"]] == [
        FIND,
        "list_requestable_permissions",
        "submit_access_request",
    ]
    assert known["calls"][-1]["arguments"]["idempotency_key"]
    assert f"access request {event.request_id}" in known["contexts"][0]


async def test_what_is_missing_is_asked_for_before_anything_is_sent(host: Host) -> None:
    await chosen(host, "Sales CRM")
    await host.app.get_by_role("checkbox", name="Writer").check()
    await button(host, "Request access").press("Enter")
    await expect(host.app.get_by_role("alert")).to_contain_text("something is missing")
    await expect(host.app.get_by_label("Why you need it")).to_be_focused()
    await expect(host.app.get_by_label("Ticket number")).to_have_attribute("aria-invalid", "true")
    await host.app.get_by_label("Why you need it").fill("Because")
    await host.app.get_by_label("Ticket number").fill("not like that")
    await button(host, "Request access").press("Enter")
    await expect(host.app.get_by_role("status")).to_contain_text("icket")
    await expect(host.app.get_by_label("Why you need it")).to_have_value("Because")
    assert host.scene.web.events(RequestSubmitted) == []


async def test_what_would_happen_is_told_and_nothing_is_sent(host: Host) -> None:
    await chosen(host, "Sales CRM")
    await host.app.get_by_role("checkbox", name="Reader").check()
    await host.app.get_by_label("Why you need it").fill("Quarter-end report")
    await host.app.get_by_label("Ticket number").fill("T-1")
    await button(host, "What would happen?").press("Enter")
    await expect(host.app.get_by_text("Bob Example")).to_be_visible()
    await expect(host.app.get_by_text("Nothing has been sent yet.")).to_be_visible()
    await host.app.get_by_label("Ticket number").fill("T-2")
    await expect(host.app.get_by_text("Nothing has been sent yet.")).to_have_count(0)
    assert host.scene.web.events(RequestSubmitted) == []


async def test_it_searches_and_goes_there_and_back_by_the_keyboard_alone(host: Host) -> None:
    await host.show(FIND, {"name_search": "Sales CRM"})
    box = host.app.get_by_role("searchbox")
    await expect(box).to_have_value("Sales CRM")
    await box.fill("notes")
    await box.press("Enter")
    await expect(button(host, "Choose Notes")).to_be_visible()
    await expect(box).to_be_focused()
    await button(host, "Choose Notes").press("Enter")
    await expect(host.app.get_by_role("heading", level=1)).to_have_text("Notes")
    await button(host, "Back to the list").press("Space")
    await expect(button(host, "Search")).to_be_focused()
    await button(host, "Choose Notes").press("Enter")
    await host.app.get_by_role("checkbox", name="Edit").press("Space")
    await button(host, "Request access").press("Enter")
    await expect(host.app.get_by_text("approved by policy at once")).to_be_visible()


async def test_what_is_asked_for_by_different_rules_lasts_for_the_shortest_usual_time(
    host: Host,
) -> None:
    await chosen(host, "Notes")
    await host.app.get_by_role("checkbox", name="Send out").check()
    length = host.app.get_by_label("For how long")
    await expect(length.get_by_role("option")).to_have_text(["2 hours", "4 hours"])
    await host.app.get_by_role("checkbox", name="Edit").check()
    await expect(length.get_by_role("option")).to_have_text(["the usual time"])
    await button(host, "Request access").press("Enter")
    await expect(host.app.get_by_text("approved by policy at once")).to_be_visible()
    [event] = host.scene.web.events(RequestSubmitted)
    assert event.access_seconds == 2 * 3_600


async def test_a_permission_that_was_found_is_picked_in_its_app(host: Host) -> None:
    await host.show("search_requestable_permissions", {"search_term": "Writer"})
    await button(host, "Writer").press("Enter")
    await expect(host.app.get_by_role("heading", level=1)).to_have_text("Sales CRM")
    await expect(host.app.get_by_role("checkbox", name="Writer")).to_be_checked()
    await expect(host.app.get_by_role("checkbox", name="Reader")).not_to_be_checked()


async def test_one_of_several_is_taken_where_an_app_gives_but_one(host: Host) -> None:
    await chosen(host, "Vault")
    await host.app.get_by_role("radio", name="Opener").check()
    await host.app.get_by_role("radio", name="Keeper").check()
    await expect(host.app.get_by_role("radio", name="Opener")).not_to_be_checked()


async def test_what_was_requested_is_marked_and_not_requested_twice(host: Host) -> None:
    await chosen(host, "Sales CRM")
    await host.app.get_by_role("checkbox", name="Reader").check()
    await host.app.get_by_label("Why you need it").fill("Quarter-end report")
    await host.app.get_by_label("Ticket number").fill("T-1")
    await button(host, "Request access").press("Enter")
    await expect(host.app.get_by_text("Your request is submitted.")).to_be_visible()
    await button(host, "Back to the list").press("Enter")
    await button(host, "Choose Sales CRM").press("Enter")
    await expect(host.app.get_by_role("checkbox", name="Reader")).to_be_disabled()
    await expect(host.app.get_by_text("Requested", exact=True)).to_be_visible()


async def test_it_says_kindly_that_nothing_can_be_submitted_from_here(host: Host) -> None:
    await chosen(host, "Sales CRM", without="submit_access_request")
    await expect(host.app.get_by_text("Requests cannot be submitted from here.")).to_be_visible()
    await expect(button(host, "Request access")).to_have_count(0)
    await host.show(FIND, {"name_search": "Sales CRM"}, abilities={"serverTools": None})
    await expect(host.app.get_by_role("heading", name="Sales CRM")).to_be_visible()
    await expect(host.app.get_by_role("button")).to_have_count(0)


async def test_texts_stay_texts_and_keep_to_their_direction(host: Host) -> None:
    await host.show(FIND, {"name_search": "Evil"})
    await expect(host.app.get_by_role("heading", level=2).first).to_have_text(f"Evil {HOSTILE}")
    await button(host, f"Choose Evil {HOSTILE}").press("Enter")
    await expect(host.app.get_by_role("heading", level=1)).to_have_text(f"Evil {HOSTILE}")
    await expect(host.app.locator(".quote")).to_have_text(HOSTILE)
    await expect(host.app.locator("#shown :is(img, script)")).to_have_count(0)
    assert "\u202e" not in await host.app.locator("#shown").inner_text()


async def test_a_field_may_be_called_as_what_every_object_has(host: Host) -> None:
    await chosen(host, "Oddly")
    await expect(host.app.get_by_label("Builder")).to_have_value("")
    await host.app.get_by_label("Text").fill("As it is written")
    await host.app.get_by_label("Kind").fill("Any")
    await button(host, "Request access").press("Enter")
    await expect(host.app.get_by_text("Your request is submitted.")).to_be_visible()
    [event] = host.scene.web.events(RequestSubmitted)
    assert {one.field_id: one.response.text for one in event.answers} == {
        "toString": "As it is written",
        "__proto__": "Any",
    }
