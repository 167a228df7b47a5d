"""The status card: what it tells of a request, and what a person can do in it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator, expect

from domain.access_request import (
    Action,
    CancelRequest,
    ReportFulfilment,
    Result,
    Verdict,
)
from domain.values import Actor, RequestId, Via
from tests import seeds
from tests.mcp_apps.conftest import HOSTILE, Host
from tests.two_stages import ADMIN, TICKET, WISH

pytestmark = pytest.mark.anyio
ASKED = {**WISH, "custom_fields": TICKET}


def button(host: Host, name: str) -> Locator:
    """Return a button, to be pressed by key: the host makes its frame as high as what is in it, and a click may come
    to where the button was."""
    return host.app.get_by_role("button", name=name)


async def submitted(host: Host, asked: dict[str, Any] = ASKED) -> RequestId:
    """Show the card of a new request; return its id."""
    await host.show("submit_access_request", asked)
    await expect(button(host, "Update")).to_be_visible()
    answer = await host.page.evaluate("() => window.calling('list_access_requests', {})")
    return RequestId(answer["structuredContent"]["items"][0]["id"])


async def test_it_shows_what_was_submitted_and_who_has_to_act(host: Host) -> None:
    await submitted(host)
    await expect(host.app.get_by_role("heading")).to_have_text("Reader")
    await expect(host.app.get_by_text("Pending manager approval")).to_be_visible()
    await expect(host.app.get_by_text("Waits for Bob Example to approve it.")).to_be_visible()
    await expect(host.app.get_by_text("Quarter-end report")).to_be_visible()
    await expect(host.app.get_by_role("definition").first).to_have_text("Sales CRM")
    await expect(host.app.get_by_role("definition").last).to_have_text("7 days")


async def test_it_asks_again_through_the_host_and_says_what_came_of_it(host: Host) -> None:
    request_id = await submitted(host)
    await button(host, "Update").press("Enter")
    await expect(host.app.get_by_role("status")).to_contain_text("Nothing has changed")
    await host.scene.decided(request_id, seeds.BOB)
    await button(host, "Update").press("Enter")
    await expect(host.app.get_by_text("Waits for Carol Example to approve it.")).to_be_visible()
    await expect(host.app.get_by_role("status")).to_contain_text("Updated")
    await expect(button(host, "Update")).to_be_focused()
    asked = (await host.known())["calls"][-1]
    assert asked["name"] == "list_access_requests"
    assert asked["arguments"] == {"access_request_id": request_id}


async def test_it_tells_until_when_access_lasts_and_who_has_to_grant_it(host: Host) -> None:
    request_id = await submitted(host)
    await host.scene.decided(request_id, seeds.BOB)
    await host.scene.decided(request_id, seeds.CAROL)
    await button(host, "Update").press("Enter")
    await expect(host.app.get_by_text("Waits for Admin Example to grant it.")).to_be_visible()
    system = host.scene.web.system
    now = system.clock()
    report = ReportFulfilment(
        request_id, system.new_id(), "d", Action.GRANT, Result.DONE, now, ADMIN
    )
    await host.scene.act(report, Actor(Via.WEB, ADMIN))
    await button(host, "Update").press("Enter")
    await expect(host.app.get_by_text("The access is there.")).to_be_visible()
    await expect(host.app.locator("dl div").last).to_contain_text("Until")
    await expect(host.app.get_by_role("definition").last).to_contain_text(str(now.year))
    await expect(button(host, "Withdraw")).to_have_count(0)


async def test_it_tells_why_a_request_came_to_nothing(host: Host) -> None:
    request_id = await submitted(host)
    await host.scene.decided(request_id, seeds.BOB, Verdict.DENY)
    await button(host, "Update").press("Enter")
    await expect(host.app.get_by_text("denied it. So be it")).to_be_visible()
    await expect(button(host, "Withdraw")).to_have_count(0)


async def test_it_shows_another_result_that_the_host_hands_it(host: Host) -> None:
    request_id = await submitted(host)
    await host.scene.decided(request_id, seeds.BOB)
    given = ["get_access_request", {"access_request_id": request_id}]
    await host.page.evaluate("([name, given]) => window.resulting(name, given)", given)
    await expect(host.app.get_by_text("Waits for Carol Example to approve it.")).to_be_visible()
    await host.page.evaluate("() => window.bridge.sendToolCancelled({ reason: 'enough' })")
    await expect(host.app.get_by_text("This was called off.")).to_be_visible()


async def test_several_requests_are_folded_and_stay_unfolded_when_asked_again(host: Host) -> None:
    await submitted(host)
    await submitted(host, {"app_id": "notes"})
    await host.show("list_access_requests", {"status_group": "pending", "size": 5})
    await expect(host.app.get_by_role("heading")).to_have_text("2 access requests")
    await host.app.get_by_text("Reader").click()
    await expect(host.app.get_by_text("Waits for Bob Example to approve it.")).to_be_visible()
    await button(host, "Update").press("Enter")
    await expect(host.app.get_by_role("status")).to_contain_text("Nothing has changed")
    await expect(host.app.get_by_text("Waits for Bob Example to approve it.")).to_be_visible()
    asked = (await host.known())["calls"][-1]
    assert asked["arguments"] == {"status_group": "pending", "size": 5}


async def test_a_request_is_withdrawn_after_asking_once_more(host: Host) -> None:
    request_id = await submitted(host)
    await button(host, "Withdraw").press("Enter")
    await button(host, "Keep it").press("Enter")
    await button(host, "Withdraw").press("Enter")
    reason = host.app.get_by_label("Why do you withdraw it?")
    await expect(reason).to_be_focused()
    await reason.fill("I was wrong")
    await button(host, "Withdraw it").press("Enter")
    await expect(host.app.get_by_text("It was withdrawn. I was wrong")).to_be_visible()
    await expect(host.app.get_by_role("heading")).to_be_focused()
    await expect(button(host, "Withdraw")).to_have_count(0)
    known = await host.known()
    asked = known["calls"][-1]
    assert asked["name"] == "cancel_access_request"
    assert asked["arguments"]["access_request_id"] == request_id
    assert asked["arguments"]["expected_version"] >= 1
    assert f"withdrew access request {request_id}; it is CANCELLED now" in known["contexts"][0]


async def test_what_has_changed_since_is_not_withdrawn_and_says_why(host: Host) -> None:
    request_id = await submitted(host)
    await button(host, "Withdraw").press("Enter")
    command = CancelRequest(request_id, seeds.ALICE, "", host.scene.web.system.clock())
    await host.scene.act(command, Actor(Via.WEB, seeds.ALICE))
    await button(host, "Withdraw it").press("Enter")
    await expect(host.app.get_by_role("status")).not_to_contain_text("Withdrawing")
    await expect(host.app.get_by_role("status")).not_to_be_empty()
    await button(host, "Keep it").press("Enter")
    await button(host, "Update").press("Enter")
    await expect(host.app.get_by_text("It was withdrawn.")).to_be_visible()


async def test_it_has_no_button_for_a_tool_that_is_not_there(host: Host) -> None:
    await host.show("submit_access_request", ASKED, without="cancel_access_request")
    await expect(button(host, "Update")).to_be_visible()
    await expect(button(host, "Withdraw")).to_have_count(0)
    await host.show("list_access_requests", {}, abilities={"serverTools": None})
    await expect(host.app.get_by_role("heading")).to_have_text("Reader")
    await expect(host.app.get_by_role("button")).to_have_count(0)


async def test_the_host_opens_the_page_or_else_its_address_is_told(host: Host) -> None:
    request_id = await submitted(host)
    url = f"{host.scene.web.issuer}/requests/{request_id}"
    await host.app.get_by_role("link", name="Open in Doorward").press("Enter")
    await host.page.wait_for_function("() => window.known.links.length === 1")
    assert (await host.known())["links"] == [url]
    await host.page.evaluate("() => { window.denying = true; }")
    await host.app.get_by_role("link", name="Open in Doorward").press("Enter")
    await expect(host.app.get_by_role("status")).to_have_text(f"Open {url} in your browser.")


async def test_what_is_no_request_is_told_in_a_sentence(host: Host) -> None:
    await host.show("submit_access_request", {**ASKED, "dry_run": True})
    await expect(host.app.get_by_text("nothing has been submitted")).to_be_visible()
    await host.show("submit_access_request", WISH)
    await expect(host.app.get_by_text("Still needed: Ticket number.")).to_be_visible()
    await host.show("list_access_requests", {"status_group": "closed"})
    await expect(host.app.locator("#shown p")).not_to_be_empty()
    await host.show("get_access_request", {"access_request_id": "none"})
    await expect(host.app.locator(".notice")).not_to_be_empty()
    await expect(host.app.locator(".notice")).not_to_contain_text("unknown_request:")


async def test_texts_stay_texts(host: Host) -> None:
    await submitted(host, {"app_id": "evil", "business_justification": f"Why {HOSTILE}"})
    await expect(host.app.get_by_role("heading")).to_have_text(f"Evil {HOSTILE}")
    await expect(host.app.get_by_text(f"Why {HOSTILE}")).to_be_visible()
    await expect(host.app.locator("#shown :is(img, script)")).to_have_count(0)


async def test_it_is_shown_in_the_era_of_the_handshake_too(host: Host) -> None:
    await host.page.goto(f"{host.page.url}?era=legacy")
    await host.page.evaluate("() => window.ready")
    await submitted(host)
    await button(host, "Update").press("Enter")
    await expect(host.app.get_by_role("status")).to_contain_text("Nothing has changed")


async def test_a_page_that_is_taken_away_agrees(host: Host) -> None:
    await submitted(host)
    assert await host.page.evaluate("() => window.bridge.teardownResource({})") == {}
